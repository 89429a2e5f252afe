/// From the bytes of tokens to events: characters first, then stop strings, then the parser, so that what is held back
/// at the end passes through all of them.
package struct AnswerReader: Sendable {
  private var assembler = UTF8Assembler()
  private var stops: StopFilter
  private var parser: AnswerParser

  package init(stops: StopFilter, parser: AnswerParser) {
    self.stops = stops
    self.parser = parser
  }

  /// The stop string that ended the answer; generation may end.
  package var stop: String? { stops.stop }

  package mutating func push(_ bytes: some Collection<UInt8>) -> [AnswerEvent] {
    parser.push(stops.push(assembler.push(bytes)))
  }

  package mutating func finish() -> [AnswerEvent] {
    let first = parser.push(stops.push(assembler.finish()) + stops.finish())
    return first + parser.finish()
  }
}
