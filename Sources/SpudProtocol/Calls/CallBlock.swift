/// The parser of one block of calls, by format. It takes a byte at a time, so that it cannot depend on how a text was
/// cut.
enum CallBlock: Sendable {
  case hermes(HermesBlock)
  case tagged(TaggedBlock)
  case llama(LlamaBlock)
  case mistral(MistralBlock)
  case deepSeek(DeepSeekBlock)

  mutating func push(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    switch self {
    case .hermes(var block):
      defer { self = .hermes(block) }
      return block.push(byte, into: &sink)
    case .tagged(var block):
      defer { self = .tagged(block) }
      return block.push(byte, into: &sink)
    case .llama(var block):
      defer { self = .llama(block) }
      return block.push(byte, into: &sink)
    case .mistral(var block):
      defer { self = .mistral(block) }
      return block.push(byte, into: &sink)
    case .deepSeek(var block):
      defer { self = .deepSeek(block) }
      return block.push(byte, into: &sink)
    }
  }

  /// Whether the answer may end here: all that is missing is the end of the block.
  var mayEnd: Bool {
    switch self {
    case .hermes(let block): block.mayEnd
    case .tagged(let block): block.mayEnd
    case .llama(let block): block.mayEnd
    case .mistral(let block): block.mayEnd
    case .deepSeek(let block): block.mayEnd
    }
  }
}

/// `{"name": …, "arguments": …}</tool_call>`, behind `<tool_call>`.
struct HermesBlock: Sendable {
  private var envelope = CallEnvelope()
  private var matcher = ByteMatcher()
  private enum Part: Sendable { case start, object, end }
  private var part = Part.start

  var mayEnd: Bool { part == .end }

  mutating func push(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    switch part {
    case .start:
      if JSONScanner.isSpace(byte) {
        sink.hold(byte)
        return .more
      }
      part = .object
      return push(byte, into: &sink)
    case .object:
      let step = envelope.push(byte, into: &sink)
      guard step == .done else { return step }
      // The call is whole; only its closing tag is still to come.
      sink.accept()
      part = .end
      return .more
    case .end:
      sink.hold(byte)
      switch matcher.match(byte, ["</tool_call>"]) {
      case .more: return .more
      case .failed: return .failed
      case .found:
        sink.end()
        return .done
      }
    }
  }
}

/// One or more objects, `;` between them, that are the whole answer.
struct LlamaBlock: Sendable {
  private var envelope = CallEnvelope(isStrict: true)
  private var isBetween = false

  var mayEnd: Bool { isBetween }

  mutating func push(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    if isBetween {
      if JSONScanner.isSpace(byte) || byte == UInt8(ascii: ";") {
        sink.hold(byte)
        return .more
      }
      guard byte == UInt8(ascii: "{") else { return .failed }
      envelope = CallEnvelope(isStrict: true)
      isBetween = false
    }
    let step = envelope.push(byte, into: &sink)
    guard step == .done else { return step }
    sink.end()
    isBetween = true
    return .more
  }
}

/// Behind `[TOOL_CALLS]`: a list of objects, or `name[ARGS]{…}`, with `[CALL_ID]id` before `[ARGS]` if there is one.
struct MistralBlock: Sendable {
  private enum Part: Sendable { case start, object, between, name, id(name: String), arguments }
  private var part = Part.start
  private var envelope = CallEnvelope()
  private var scanner = JSONScanner()
  private var matcher = ByteMatcher()

  var mayEnd: Bool { false }

  mutating func push(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    switch part {
    case .start:
      if byte == UInt8(ascii: "[") {
        part = .between
      } else if !JSONScanner.isSpace(byte) {
        part = .name
        return push(byte, into: &sink)
      }
      sink.hold(byte)
      return .more
    case .between:
      if byte == UInt8(ascii: "{") {
        envelope = CallEnvelope()
        part = .object
        return push(byte, into: &sink)
      }
      sink.hold(byte)
      if byte == UInt8(ascii: "]") {
        sink.accept()
        return .done
      }
      return JSONScanner.isSpace(byte) || byte == UInt8(ascii: ",") ? .more : .failed
    case .object:
      let step = envelope.push(byte, into: &sink)
      guard step == .done else { return step }
      sink.end()
      part = .between
      return .more
    case .name:
      sink.hold(byte)
      switch matcher.name(byte, ends: ["[ARGS]", "[CALL_ID]"]) {
      case .more: return .more
      case .failed: return .failed
      case .found(let name, let end):
        part = end == 0 ? .arguments : .id(name: name)
        if end == 0 { sink.start(name: name) }
        return .more
      }
    case .id(let name):
      sink.hold(byte)
      switch matcher.name(byte, ends: ["[ARGS]"]) {
      case .more: return .more
      case .failed: return .failed
      case .found(let id, _):
        sink.start(name: name, id: id)
        part = .arguments
        return .more
      }
    case .arguments: return pushArguments(byte, &scanner, into: &sink)
    }
  }
}

/// Passes the bytes of an object of arguments on; the call ends with it.
func pushArguments(_ byte: UInt8, _ scanner: inout JSONScanner, into sink: inout CallSink) -> CallStep {
  if scanner.depth == 0 {
    if JSONScanner.isSpace(byte) {
      sink.hold(byte)
      return .more
    }
    guard byte == UInt8(ascii: "{") else {
      sink.hold(byte)
      return .failed
    }
    sink.accept()
  }
  let step = scanner.push(byte)
  guard step != .failed else {
    sink.hold(byte)
    return .failed
  }
  sink.arguments(CollectionOfOne(byte))
  guard step == .done else { return .more }
  sink.end()
  return .done
}
