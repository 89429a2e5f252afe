public import SpudErrors
internal import SpudMedia

/// Turns of text, pictures and sound to one stream of ids, and back.
///
/// Only this type makes control and media ids: text that spells `<image>` becomes the pieces of those seven characters.
public struct StreamTokenizer: Sendable {
  public let vocabulary: Vocabulary
  public let text: TextTokenizer
  public let imageCodec: ImageCodec
  public let audioCodec: AudioCodec

  /// - Throws: `.badData` when the codecs do not have the sizes that the vocabulary says.
  public init(
    vocabulary: Vocabulary, text: TextTokenizer, imageCodec: ImageCodec, audioCodec: AudioCodec
  ) throws(SpudError) {
    func check(_ found: Int, _ expected: Int, _ thing: String) throws(SpudError) {
      guard found == expected else {
        throw SpudError(.badData, "\(thing) is \(found), but vocabulary.json says \(expected)")
      }
    }
    try check(imageCodec.codeCount, vocabulary.image.count, "image_codec.safetensors: the number of codes")
    try check(
      imageCodec.residualCount, vocabulary.residual.count, "image_codec.safetensors: the number of residual codes")
    try check(imageCodec.patch, vocabulary.patch, "image_codec.safetensors: the side of a patch")
    try check(audioCodec.levels, vocabulary.audioLevels, "audio_codec.safetensors: the number of levels")
    try check(audioCodec.codesPerLevel, vocabulary.codesPerLevel, "audio_codec.safetensors: the codes of a level")
    self.vocabulary = vocabulary
    self.text = text
    self.imageCodec = imageCodec
    self.audioCodec = audioCodec
  }

  /// A whole stream: `<bos>`, then every turn with its `<end>`.
  public func encode(_ turns: [StreamTurn]) throws -> TokenStream {
    var media = CodedMedia()
    return try encode(turns, cache: &media)
  }

  /// The same, without coding again what the last stream held already.
  ///
  /// - Parameters:
  ///   - turns: a whole conversation.
  ///   - media: what the last stream held, and after it what this one holds.
  public func encode(_ turns: [StreamTurn], cache media: inout CodedMedia) throws -> TokenStream {
    var stream = TokenStream()
    var held = CodedMedia()
    stream.ids.append(vocabulary.id(of: .begin))
    for turn in turns {
      try append(begin: turn.role, to: &stream)
      for part in turn.parts {
        let first = stream.ids.count
        switch part {
        case .text, .thought, .call, .result:
          stream.ids += try ids(of: part, in: turn.role)
        case .image, .audio, .video:
          let coded = try media.ids(of: part, in: turn.role) ?? ids(of: part, in: turn.role)
          held.append(part, in: turn.role, as: coded)
          stream.ids += coded
        }
        stream.spans.append(StreamSpan(kind: part.kind, role: turn.role, range: first..<stream.ids.count))
      }
      stream.ids.append(vocabulary.id(of: .end))
    }
    media = held
    return stream
  }

  /// A stream that asks for an answer: the turns, then an open turn of the assistant.
  public func encodePrompt(_ turns: [StreamTurn]) throws -> TokenStream {
    var media = CodedMedia()
    return try encodePrompt(turns, cache: &media)
  }

  /// The same, without coding again what the last stream held already.
  public func encodePrompt(_ turns: [StreamTurn], cache media: inout CodedMedia) throws -> TokenStream {
    var stream = try encode(turns, cache: &media)
    try append(begin: .assistant, to: &stream)
    return stream
  }

  /// The ids that continue a conversation: each turn's `<user>` or `<assistant>`, parts and `<end>`, without `<bos>`.
  public func encodeContinuation(_ turns: [StreamTurn], cache media: inout CodedMedia) throws -> TokenStream {
    var stream = try encode(turns, cache: &media)
    stream.ids.removeFirst()
    stream.spans = stream.spans.map {
      StreamSpan(kind: $0.kind, role: $0.role, range: $0.range.lowerBound - 1..<$0.range.upperBound - 1)
    }
    return stream
  }

  /// How an id reads in a table: a text piece's characters, or the name of any other id.
  public func piece(of id: Int32) -> String {
    vocabulary.name(of: id) ?? String(decoding: text.decode([id]), as: UTF8.self)
  }

  private func append(begin role: Role, to stream: inout TokenStream) throws(SpudError) {
    switch role {
    case .user: stream.ids.append(vocabulary.id(of: .user))
    case .assistant: stream.ids.append(vocabulary.id(of: .assistant))
    case .system, .tool:
      throw SpudError(.usage, "a stream has turns of the user and the assistant, but none of the \(role.rawValue)")
    }
  }

  private func ids(of part: StreamPart, in role: Role) throws -> [Int32] {
    switch part {
    case .text(let string): try pieces(of: string)
    // What the assistant draws it draws in first codes, so that is how its pictures are kept in a conversation.
    case .image(let image): ids(of: imageCodec.encode(image, mayRefine: role == .user))
    case .audio(let waveform): ids(of: try audioCodec.encode(waveform))
    case .video(let clip): try ids(of: clip)
    case .thought(let string):
      [vocabulary.id(of: .think)] + (try pieces(of: string)) + [vocabulary.id(of: .thinkEnd)]
    case .call, .result:
      throw SpudError(.usage, "a stream holds no calls of functions, but a turn of the \(role.rawValue) has one")
    }
  }

  private func pieces(of string: String) throws(SpudError) -> [Int32] {
    let ids = text.encode(string)
    // A tokenizer.json whose merges make ids outside the text range would forge other modalities.
    if let forged = ids.first(where: { !vocabulary.text.contains($0) }) {
      throw SpudError(
        .badData, "tokenizer.json: a text piece has id \(forged), but vocabulary.json gives text \(vocabulary.text)")
    }
    return ids
  }

  private func ids(of image: ImageCodes) -> [Int32] {
    var ids = [vocabulary.id(of: .image)]
    appendSize(image.height, image.width, to: &ids)
    ids += image.residuals.map { vocabulary.residual.lowerBound + $0 }
    ids += image.codes.map { vocabulary.image.lowerBound + $0 }
    ids.append(vocabulary.id(of: .imageEnd))
    return ids
  }

  private func ids(of audio: AudioCodes) -> [Int32] {
    [vocabulary.id(of: .audio)] + soundIDs(audio, frames: 0..<audio.frames) + [vocabulary.id(of: .audioEnd)]
  }

  /// Pictures at the clip's rate, each numbered in text and followed by the sound of its interval; what sounds after
  /// the last interval stays with the last picture.
  ///
  /// The numbers are for attention: a model that thinks "frame 4" finds its codes by a token that they share. Rotary
  /// positions only tell how far back something is, and counting equal marks is hard for a shallow model.
  private func ids(of clip: VideoClip) throws -> [Int32] {
    var ids = [vocabulary.id(of: .video)]
    guard let first = clip.frames.first else {
      throw SpudError(.badData, "the video holds no pictures, expected at least one")
    }
    guard clip.framesPerSecond.isFinite, clip.framesPerSecond > 0 else {
      throw SpudError(.badData, "the video has \(clip.framesPerSecond) pictures a second, expected a positive number")
    }
    let size = ImageCodec.frameSize(of: first, patch: vocabulary.patch)
    appendSize(size.height / vocabulary.patch, size.width / vocabulary.patch, to: &ids)
    let sound = try clip.audio.map { try audioCodec.encode($0) }
    var heard = 0
    for (index, picture) in clip.frames.enumerated() {
      ids.append(vocabulary.id(of: .frame))
      ids += try pieces(of: String(index + 1))
      ids += imageCodec.encode(picture, size: size, mayRefine: false).codes.map { vocabulary.image.lowerBound + $0 }
      guard let sound else { continue }
      let boundary = Double(index + 1) / clip.framesPerSecond * Double(AudioCodec.framesPerSecond)
      let isLast = index + 1 == clip.frames.count
      let end = isLast ? sound.frames : min(sound.frames, Int(min(boundary, Double(sound.frames)).rounded()))
      ids += soundIDs(sound, frames: heard..<max(heard, end))
      heard = max(heard, end)
    }
    ids.append(vocabulary.id(of: .videoEnd))
    return ids
  }

  private func appendSize(_ height: Int, _ width: Int, to ids: inout [Int32]) {
    for side in [height, width] {
      guard let id = vocabulary.id(ofSize: side) else {
        preconditionFailure("the codec made a side of \(side) patches")
      }
      ids.append(id)
    }
  }

  private func soundIDs(_ audio: AudioCodes, frames: Range<Int>) -> [Int32] {
    (frames.lowerBound * audio.levels..<frames.upperBound * audio.levels).map { index in
      vocabulary.audioCodes(ofLevel: index % audio.levels).lowerBound + audio.codes[index]
    }
  }
}
