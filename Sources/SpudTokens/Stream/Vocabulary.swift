public import SpudErrors

/// What an id of the stream stands for.
public enum Modality: String, Sendable, CaseIterable {
  case text, control, image, audio
}

/// The control tokens that give the stream its shape, spelled as in `tokenizer.json`.
public enum ControlToken: String, Sendable, CaseIterable {
  case pad = "<pad>"
  case begin = "<bos>"
  case end = "<end>"
  case user = "<user>"
  case assistant = "<assistant>"
  case image = "<image>"
  case imageEnd = "</image>"
  case audio = "<audio>"
  case audioEnd = "</audio>"
  case video = "<video>"
  case videoEnd = "</video>"
  case frame = "<frame>"
  case think = "<think>"
  case thinkEnd = "</think>"
}

/// The one flat range of ids: text pieces, then control tokens, image codes, sound codes, and residual codes of images.
///
/// Read from `vocabulary.json`, beside `tokenizer.json`, in a unified model's directory.
public struct Vocabulary: Sendable, Equatable {
  /// Byte-level text pieces.
  public let text: Range<Int32>
  public let control: Range<Int32>
  /// Spelling of each control id, in order.
  public let controlTokens: [String]
  public let image: Range<Int32>
  /// The side of an image patch, in pixels.
  public let patch: Int
  /// Sound codes: level 0's, then level 1's, and so on.
  public let audio: Range<Int32>
  public let audioLevels: Int
  public let codesPerLevel: Int
  public let audioFramesPerSecond: Int
  /// Second codes of pictures that the first ones miss; empty in a vocabulary without them.
  public let residual: Range<Int32>
  /// Ids of `<size:1>`, `<size:2>`, …: heights and widths in patches.
  public let sizes: Range<Int32>

  private let ids: [ControlToken: Int32]

  /// Number of ids.
  public var count: Int { Int(residual.upperBound) }

  public func id(of token: ControlToken) -> Int32 {
    // `init` refused a vocabulary that lacks one.
    ids[token] ?? control.lowerBound
  }

  /// What `id` stands for; `nil` when it is outside the vocabulary.
  public func modality(of id: Int32) -> Modality? {
    if text.contains(id) { return .text }
    if control.contains(id) { return .control }
    if image.contains(id) || residual.contains(id) { return .image }
    return audio.contains(id) ? .audio : nil
  }

  /// Ids of one level's sound codes.
  public func audioCodes(ofLevel level: Int) -> Range<Int32> {
    precondition(level >= 0 && level < audioLevels, "level \(level) of \(audioLevels)")
    let first = audio.lowerBound + Int32(level * codesPerLevel)
    return first..<first + Int32(codesPerLevel)
  }

  public func id(ofSize size: Int) -> Int32? {
    size >= 1 && size <= sizes.count ? sizes.lowerBound + Int32(size - 1) : nil
  }

  func size(of id: Int32) -> Int? { sizes.contains(id) ? Int(id - sizes.lowerBound) + 1 : nil }

  /// A name for any id but a text piece's, as `tokenizer.json` spells it; `nil` outside those ranges.
  public func name(of id: Int32) -> String? {
    if control.contains(id) { return controlTokens[Int(id - control.lowerBound)] }
    if image.contains(id) { return "<i:\(id - image.lowerBound)>" }
    if residual.contains(id) { return "<r:\(id - residual.lowerBound)>" }
    guard audio.contains(id) else { return nil }
    let code = Int(id - audio.lowerBound)
    return "<a\(code / codesPerLevel):\(code % codesPerLevel)>"
  }

  /// Checks and lays out a vocabulary.
  ///
  /// - Parameters:
  ///   - name: of the file, for errors.
  ///   - textFirst: the first id of text, 0.
  ///   - textCount: pieces of text.
  ///   - controlFirst: the first id of a control token, the one after text.
  ///   - controlTokens: what the control tokens are called, in the order of their ids.
  ///   - imageFirst: the first id of a picture's code, the one after the control tokens.
  ///   - imageCount: codes of pictures.
  ///   - patch: the side of the square of pixels that a picture's code stands for.
  ///   - audioFirst: the first id of a sound's code, the one after those of pictures.
  ///   - audioLevels: codes of one frame of sound.
  ///   - codesPerLevel: codes of sound on each level.
  ///   - audioFramesPerSecond: frames of one second of sound.
  ///   - residual: where second codes of pictures begin, right behind the sound codes, and how many there are.
  /// - Throws: `.badData` naming the field, what was found and what was expected.
  public init(
    name: String, textFirst: Int, textCount: Int, controlFirst: Int, controlTokens: [String],
    imageFirst: Int, imageCount: Int, patch: Int,
    audioFirst: Int, audioLevels: Int, codesPerLevel: Int, audioFramesPerSecond: Int,
    residual: (first: Int, count: Int)? = nil
  ) throws(SpudError) {
    func check(_ holds: Bool, _ field: String, found: Any, expected: String) throws(SpudError) {
      guard holds else { throw SpudError(.badData, "\(name): '\(field)' is \(found), expected \(expected)") }
    }
    // Every count is bounded before it is multiplied or added, so nothing below can overflow.
    let most = 1 << 20
    try check(textFirst == 0, "text.first", found: textFirst, expected: "0")
    try check((1...most).contains(textCount), "text.count", found: textCount, expected: "1 to \(most)")
    try check((1...most).contains(imageCount), "image.count", found: imageCount, expected: "1 to \(most)")
    try check((1...64).contains(patch), "image.patch", found: patch, expected: "1 to 64 pixels")
    try check((1...16).contains(audioLevels), "audio.levels", found: audioLevels, expected: "1 to 16")
    try check(
      (1...most / 16).contains(codesPerLevel), "audio.codes_per_level", found: codesPerLevel,
      expected: "1 to \(most / 16)")
    try check(
      audioFramesPerSecond == AudioCodec.framesPerSecond, "audio.frames_per_second", found: audioFramesPerSecond,
      expected: "\(AudioCodec.framesPerSecond)")
    try check(
      controlTokens.count <= 4096, "control.tokens", found: "\(controlTokens.count) names", expected: "at most 4096")
    let textEnd = textFirst + textCount
    try check(controlFirst == textEnd, "control.first", found: controlFirst, expected: "\(textEnd), where text ends")
    let controlEnd = textEnd + controlTokens.count
    try check(imageFirst == controlEnd, "image.first", found: imageFirst, expected: "\(controlEnd), where control ends")
    let imageEnd = controlEnd + imageCount
    try check(audioFirst == imageEnd, "audio.first", found: audioFirst, expected: "\(imageEnd), where image ends")
    let audioEnd = imageEnd + audioLevels * codesPerLevel
    if let residual {
      try check(
        residual.first == audioEnd, "image.residual.first", found: residual.first,
        expected: "\(audioEnd), where audio ends")
      try check(
        (1...most).contains(residual.count), "image.residual.count", found: residual.count, expected: "1 to \(most)")
    }

    text = 0..<Int32(textEnd)
    control = Int32(textEnd)..<Int32(controlEnd)
    image = Int32(controlEnd)..<Int32(imageEnd)
    audio = Int32(imageEnd)..<Int32(audioEnd)
    self.residual = Int32(audioEnd)..<Int32(audioEnd + (residual?.count ?? 0))
    self.controlTokens = controlTokens
    self.patch = patch
    self.audioLevels = audioLevels
    self.codesPerLevel = codesPerLevel
    self.audioFramesPerSecond = audioFramesPerSecond
    ids = try Self.controlIDs(controlTokens, first: Int32(controlFirst), name: name)
    sizes = try Self.sizeIDs(controlTokens, first: Int32(controlFirst), name: name)
  }

  private static func controlIDs(
    _ tokens: [String], first: Int32, name: String
  ) throws(SpudError) -> [ControlToken: Int32] {
    guard Set(tokens).count == tokens.count else {
      throw SpudError(.badData, "\(name): 'control.tokens' names a token twice, expected each once")
    }
    var ids: [ControlToken: Int32] = [:]
    for token in ControlToken.allCases {
      guard let index = tokens.firstIndex(of: token.rawValue) else {
        throw SpudError(.badData, "\(name): 'control.tokens' lacks \(token.rawValue), expected every control token")
      }
      ids[token] = first + Int32(index)
    }
    return ids
  }

  private static func sizeIDs(_ tokens: [String], first: Int32, name: String) throws(SpudError) -> Range<Int32> {
    let count = ImageCodec.longestSide
    guard let start = tokens.firstIndex(of: "<size:1>"), tokens.count - start >= count,
      (1...count).allSatisfy({ tokens[start + $0 - 1] == "<size:\($0)>" })
    else {
      throw SpudError(
        .badData, "\(name): 'control.tokens' lacks <size:1> to <size:\(count)> in a row, expected them for image sizes")
    }
    return first + Int32(start)..<first + Int32(start + count)
  }
}
