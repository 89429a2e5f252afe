public import SpudErrors
internal import SpudMedia

extension StreamTokenizer {
  /// Pictures a second of a decoded video: the stream does not say, and clips are sampled at this rate.
  public static let videoFramesPerSecond = 4.0

  /// The turns that a whole stream stands for.
  ///
  /// - Parameters:
  ///   - ids: from `<bos>` on.
  ///   - mayEndInTurn: whether the last turn may lack its `<end>`, as in a prompt that asks for an answer.
  /// - Throws: `.badData` naming the position, what was found and expected, where the stream breaks the grammar.
  public func decode(_ ids: [Int32], mayEndInTurn: Bool = false) throws(SpudError) -> [StreamTurn] {
    var grammar = StreamGrammar(vocabulary)
    var turns: [StreamTurn] = []
    var collector = PartCollector()
    for id in ids {
      let wasBetweenTurns = grammar.isComplete
      try grammar.push(id)
      if wasBetweenTurns {
        turns.append(StreamTurn(id == vocabulary.id(of: .user) ? .user : .assistant, []))
      } else if !turns.isEmpty {
        try take(id, after: grammar, into: &collector)
        if grammar.isComplete { turns[turns.count - 1].parts = collector.finish() }
      }
    }
    if let error = grammar.errorAtEnd(mayEndInTurn: mayEndInTurn) { throw error }
    if !grammar.isComplete, !turns.isEmpty {
      flushText(&collector)
      turns[turns.count - 1].parts = collector.finish()
    }
    return turns
  }

  /// The parts that the inside of a turn stands for, as a model generates it: with or without its `<end>`.
  public func decodeParts(_ ids: [Int32]) throws(SpudError) -> [StreamPart] {
    var grammar = StreamGrammar(vocabulary, beginning: .turn)
    var collector = PartCollector()
    for id in ids {
      if grammar.isComplete {
        throw SpudError(
          .badData, "position \(grammar.position): found id \(id) after <end>, expected the answer to end there")
      }
      try grammar.push(id)
      try take(id, after: grammar, into: &collector)
    }
    if let error = grammar.errorAtEnd(mayEndInTurn: true) { throw error }
    flushText(&collector)
    return collector.finish()
  }

  /// What is gathered of the part that is open.
  private struct PartCollector {
    var kind = PartKind.text
    var parts: [StreamPart] = []
    var text: [Int32] = []
    var sizes: [Int] = []
    var imageCodes: [Int32] = []
    var residualCodes: [Int32] = []
    var audioCodes: [Int32] = []

    mutating func finish() -> [StreamPart] {
      defer { self = PartCollector() }
      return parts
    }
  }

  /// Takes an id that the grammar accepted.
  private func take(
    _ id: Int32, after grammar: StreamGrammar, into collector: inout PartCollector
  ) throws(SpudError) {
    switch id {
    case vocabulary.id(of: .end): flushText(&collector)
    case vocabulary.id(of: .image), vocabulary.id(of: .audio), vocabulary.id(of: .video), vocabulary.id(of: .think):
      flushText(&collector)
      collector.kind = grammar.openPart ?? .text
    case vocabulary.id(of: .thinkEnd):
      collector.parts.append(.thought(string(of: collector.text)))
      close(&collector)
    case vocabulary.id(of: .imageEnd):
      collector.parts.append(
        .image(
          try imageCodec.decode(
            ImageCodes(
              height: collector.sizes[0], width: collector.sizes[1], codes: collector.imageCodes,
              residuals: collector.residualCodes))))
      close(&collector)
    case vocabulary.id(of: .audioEnd):
      collector.parts.append(.audio(try sound(collector.audioCodes)))
      close(&collector)
    case vocabulary.id(of: .videoEnd):
      collector.parts.append(.video(try video(collector)))
      close(&collector)
    case vocabulary.text: collector.text.append(id)
    case vocabulary.image: collector.imageCodes.append(id - vocabulary.image.lowerBound)
    case vocabulary.residual: collector.residualCodes.append(id - vocabulary.residual.lowerBound)
    case vocabulary.audio:
      collector.audioCodes.append((id - vocabulary.audio.lowerBound) % Int32(vocabulary.codesPerLevel))
    default: if let size = vocabulary.size(of: id) { collector.sizes.append(size) }
    }
  }

  private func flushText(_ collector: inout PartCollector) {
    if !collector.text.isEmpty { collector.parts.append(.text(string(of: collector.text))) }
    close(&collector)
  }

  private func close(_ collector: inout PartCollector) {
    let parts = collector.parts
    collector = PartCollector()
    collector.parts = parts
  }

  private func string(of ids: [Int32]) -> String { String(decoding: text.decode(ids), as: UTF8.self) }

  private func sound(_ codes: [Int32]) throws(SpudError) -> Waveform {
    try audioCodec.decode(AudioCodes(levels: vocabulary.audioLevels, codes: codes))
  }

  private func video(_ collector: PartCollector) throws(SpudError) -> VideoClip {
    let area = collector.sizes[0] * collector.sizes[1]
    var frames: [RGBImage] = []
    for first in stride(from: 0, to: collector.imageCodes.count, by: area) {
      let codes = Array(collector.imageCodes[first..<first + area])
      frames.append(
        try imageCodec.decode(ImageCodes(height: collector.sizes[0], width: collector.sizes[1], codes: codes)))
    }
    return VideoClip(
      frames: frames, framesPerSecond: Self.videoFramesPerSecond,
      audio: collector.audioCodes.isEmpty ? nil : try sound(collector.audioCodes))
  }
}
