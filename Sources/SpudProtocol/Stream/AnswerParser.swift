/// Takes an answer apart while it comes: text, thoughts, calls.
///
/// The events do not depend on how the text is cut into pieces (`merged` makes them equal), and no text is lost: what
/// begins like a call and is none comes out as content. Only white space at the border of a thought or of a call is not
/// text: the formats put it there.
package struct AnswerParser: Sendable {
  private var reader: Reader

  private enum Reader: Sendable {
    case marked(MarkedReader)
    case harmony(HarmonyReader)
  }

  /// - Parameters:
  ///   - thinks: Whether `<think>` and `</think>` have their meaning.
  ///   - beginsInThought: Whether the prompt already opened a thought.
  ///   - strings: For each tool, the parameters that its schema declares as strings: formats without JSON need it.
  package init(
    _ format: AnswerFormat, thinks: Bool = true, beginsInThought: Bool = false, strings: [String: Set<String>] = [:]
  ) {
    reader =
      format == .harmony
      ? .harmony(HarmonyReader())
      : .marked(MarkedReader(format, thinks: thinks, beginsInThought: beginsInThought, strings: strings))
  }

  package mutating func push(_ text: String) -> [AnswerEvent] {
    var events = EventBuffer()
    switch reader {
    case .marked(var inner):
      for byte in text.utf8 { inner.push(byte, into: &events) }
      reader = .marked(inner)
    case .harmony(var inner):
      for byte in text.utf8 { inner.push(byte, into: &events) }
      reader = .harmony(inner)
    }
    return events.take()
  }

  /// What was held back, at the end of the answer.
  package mutating func finish() -> [AnswerEvent] {
    var events = EventBuffer()
    switch reader {
    case .marked(var inner):
      inner.finish(into: &events)
      reader = .marked(inner)
    case .harmony(var inner):
      inner.finish(into: &events)
      reader = .harmony(inner)
    }
    return events.take()
  }
}

/// Joins bytes to events.
struct EventBuffer {
  private enum Text: Equatable { case content, reasoning, arguments(Int) }
  private var events: [AnswerEvent] = []
  private var kind = Text.content
  private var bytes: [UInt8] = []

  mutating func content(_ more: some Collection<UInt8>) { add(more, .content) }
  mutating func reasoning(_ more: some Collection<UInt8>) { add(more, .reasoning) }
  mutating func arguments(_ more: some Collection<UInt8>, of index: Int) { add(more, .arguments(index)) }

  mutating func add(_ event: AnswerEvent) {
    flush()
    events.append(event)
  }

  private mutating func add(_ more: some Collection<UInt8>, _ kind: Text) {
    guard !more.isEmpty else { return }
    if kind != self.kind { flush() }
    self.kind = kind
    bytes += more
  }

  private mutating func flush() {
    guard !bytes.isEmpty else { return }
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case .content: events.append(.content(text))
    case .reasoning: events.append(.reasoning(text))
    case .arguments(let index): events.append(.callArguments(index: index, text))
    }
    bytes = []
  }

  mutating func take() -> [AnswerEvent] {
    flush()
    defer { events = [] }
    return events
  }
}
