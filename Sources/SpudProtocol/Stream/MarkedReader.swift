/// Reads answers in which markers begin and end thoughts and calls.
struct MarkedReader: Sendable {
  private enum Mode: Sendable { case text, thought, call }

  private let format: AnswerFormat
  private let strings: [String: Set<String>]
  private var mode: Mode
  private var textScanner: MarkerScanner
  private var thoughtScanner = MarkerScanner(["</think>"])
  private let thoughtMarkers: Int
  private var block: CallBlock?
  private var sink = CallSink()
  private var callCount = 0
  /// White space that is text only if text follows it.
  private var space: [UInt8] = []
  /// Whether only white space came since the last border.
  private var isAtBorder: Bool
  private var hasText = false

  init(_ format: AnswerFormat, thinks: Bool, beginsInThought: Bool, strings: [String: Set<String>]) {
    self.format = format
    self.strings = strings
    thoughtMarkers = thinks ? 1 : 0
    textScanner = MarkerScanner((thinks ? ["<think>"] : []) + format.callMarkers)
    mode = beginsInThought ? .thought : .text
    isAtBorder = beginsInThought
  }

  mutating func push(_ byte: UInt8, into events: inout EventBuffer) {
    switch mode {
    case .text:
      // Without a marker, a call is an object that is all of the answer.
      if format == .llama, !hasText, textScanner.isIdle, byte == UInt8(ascii: "{") {
        begin(opening: [])
        pushCall(byte, into: &events)
        return
      }
      var text: [UInt8] = []
      let marker = textScanner.push(byte, into: &text)
      pass(text, into: &events)
      guard let marker else { return }
      if marker < thoughtMarkers {
        border()
        mode = .thought
        isAtBorder = true
      } else {
        begin(opening: textScanner.markers[marker])
      }
    case .thought:
      var text: [UInt8] = []
      let marker = thoughtScanner.push(byte, into: &text)
      think(text, into: &events)
      if marker != nil {
        border()
        mode = .text
        isAtBorder = true
      }
    case .call: pushCall(byte, into: &events)
    }
  }

  mutating func finish(into events: inout EventBuffer) {
    var text: [UInt8] = []
    switch mode {
    case .text:
      textScanner.finish(into: &text)
      pass(text, into: &events)
    case .thought:
      thoughtScanner.finish(into: &text)
      think(text, into: &events)
    case .call:
      deliver(into: &events)
      if sink.isOpen {
        let isWhole = block?.mayEnd == true
        events.add(.callEnded(index: callCount - 1, isWhole: isWhole))
        if !isWhole { events.content(sink.held) }
      } else if block?.mayEnd != true {
        pass(sink.held, into: &events)
      }
    }
    // White space at the end is text, unless a call or a thought precedes it, or it ends a thought.
    if mode != .thought, !sink.isOpen, !isAtBorder { events.content(space) }
    space = []
  }

  private mutating func begin(opening: [UInt8]) {
    mode = .call
    sink = CallSink(opening: opening)
    block = format.makeBlock(strings: strings)
  }

  /// The white space before a thought or a call is not text.
  private mutating func border() { space = [] }

  private mutating func pass(_ text: [UInt8], into events: inout EventBuffer) {
    for byte in text {
      if JSONScanner.isSpace(byte) {
        space.append(byte)
      } else {
        if !isAtBorder { events.content(space) }
        space = []
        isAtBorder = false
        hasText = true
        events.content(CollectionOfOne(byte))
      }
    }
  }

  private mutating func think(_ text: [UInt8], into events: inout EventBuffer) {
    for byte in text {
      if JSONScanner.isSpace(byte) {
        space.append(byte)
      } else {
        if !isAtBorder { events.reasoning(space) }
        space = []
        isAtBorder = false
        events.reasoning(CollectionOfOne(byte))
      }
    }
  }

  private mutating func pushCall(_ byte: UInt8, into events: inout EventBuffer) {
    let heldBefore = sink.held.count
    let step = block?.push(byte, into: &sink) ?? .failed
    deliver(into: &events)
    switch step {
    case .more: break
    case .done:
      border()
      isAtBorder = true
      mode = .text
    case .failed:
      // The byte that does not fit may begin something else; what was held before it is text.
      var held = sink.held
      if held.count > heldBefore { held.removeLast() }
      let isEnd = block?.mayEnd == true
      if sink.isOpen {
        events.add(.callEnded(index: callCount - 1, isWhole: isEnd))
        isAtBorder = false
      } else if isEnd {
        // Only what is between calls.
        held = []
        border()
        isAtBorder = true
      }
      sink = CallSink()
      mode = .text
      hasText = true
      pass(held, into: &events)
      push(byte, into: &events)
    }
  }

  private mutating func deliver(into events: inout EventBuffer) {
    for output in sink.take() {
      switch output {
      case .started(let name, let id):
        border()
        events.add(.callStarted(index: callCount, name: name, id: id))
        callCount += 1
      case .arguments(let bytes): events.arguments(bytes, of: callCount - 1)
      case .ended: events.add(.callEnded(index: callCount - 1, isWhole: true))
      }
    }
  }
}
