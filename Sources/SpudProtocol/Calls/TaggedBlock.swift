internal import SpudTensors

/// Behind `<tool_call>`, a call whose arguments are tags, in one of two dialects:
///
///     <function=name> <parameter=key> value </parameter> … </function> </tool_call>
///     name <arg_key>key</arg_key> <arg_value>value</arg_value> … </tool_call>
///
/// A value that the tool declares a string streams as one; any other waits for its end, and is a string if it is no
/// JSON.
struct TaggedBlock: Sendable {
  enum Dialect: Sendable { case parameters, keysAndValues }

  private enum Part: Sendable { case start, name, between, key, valueStart, value, end }

  let dialect: Dialect
  /// For each tool, the parameters that are strings.
  let strings: [String: Set<String>]
  private var part = Part.start
  private var matcher = ByteMatcher()
  private var function = ""
  private var isFirst = true
  private var isString = false
  /// What was read of a value and not passed on: all of it, or what may belong to its end.
  private var value: [UInt8] = []
  private var atValueStart = true

  init(_ dialect: Dialect, strings: [String: Set<String>]) {
    self.dialect = dialect
    self.strings = strings
    if dialect == .keysAndValues { part = .name }
  }

  var mayEnd: Bool { part == .end }

  private var valueEnd: [UInt8] { Array((dialect == .parameters ? "</parameter>" : "</arg_value>").utf8) }

  mutating func push(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    if part == .value { return pushValue(byte, into: &sink) }
    sink.hold(byte)
    switch part {
    case .start: return match(byte, ["<function="], into: &sink) { block, _, _ in block.part = .name }
    case .name: return name(byte, into: &sink)
    case .between:
      let choices = dialect == .parameters ? ["<parameter=", "</function>"] : ["<arg_key>", "</tool_call>"]
      var ended = false
      let step = match(byte, choices, into: &sink) { block, index, sink in
        if index == 0 {
          block.part = .key
        } else {
          sink.arguments(block.isFirst ? "{}" : "}")
          sink.accept()
          block.part = .end
          ended = true
        }
      }
      if ended, dialect == .keysAndValues {
        sink.end()
        return .done
      }
      return step
    case .key: return key(byte, into: &sink)
    case .valueStart:
      return match(byte, ["<arg_value>"], into: &sink) { block, _, sink in block.beginValue(into: &sink) }
    case .end:
      var ended = false
      let step = match(byte, ["</tool_call>"], into: &sink) { _, _, sink in
        sink.end()
        ended = true
      }
      return ended ? .done : step
    case .value: return .failed
    }
  }

  private mutating func match(
    _ byte: UInt8, _ choices: [String], into sink: inout CallSink, _ then: (inout Self, Int, inout CallSink) -> Void
  ) -> CallStep {
    switch matcher.match(byte, choices) {
    case .more: return .more
    case .failed: return .failed
    case .found(let index):
      then(&self, index, &sink)
      return .more
    }
  }

  private mutating func name(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    let ends = dialect == .parameters ? [">"] : ["\n", "<arg_key>", "</tool_call>"]
    switch matcher.name(byte, ends: ends) {
    case .more: return .more
    case .failed: return .failed
    case .found(let name, let end):
      guard !name.contains(where: { $0 == "<" || $0 == "{" || $0 == ">" }) else { return .failed }
      function = name
      sink.start(name: name)
      part = end == 1 ? .key : .between
      guard end == 2 else { return .more }
      sink.arguments("{}")
      sink.end()
      return .done
    }
  }

  private mutating func key(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    switch matcher.name(byte, ends: [dialect == .parameters ? ">" : "</arg_key>"]) {
    case .more: return .more
    case .failed: return .failed
    case .found(let key, _):
      sink.arguments(isFirst ? "{" : ", ")
      sink.arguments(JSONValue.string(key).serialized)
      sink.arguments(": ")
      sink.accept()
      isFirst = false
      isString = strings[function]?.contains(key) ?? false
      if dialect == .parameters { beginValue(into: &sink) } else { part = .valueStart }
      return .more
    }
  }

  private mutating func beginValue(into sink: inout CallSink) {
    sink.accept()
    part = .value
    value = []
    atValueStart = true
    if isString { sink.arguments("\"") }
  }

  private mutating func pushValue(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    // The first dialect puts a value on lines of its own.
    if atValueStart {
      atValueStart = false
      if dialect == .parameters, byte == 0x0A { return .more }
    }
    value.append(byte)
    sink.hold(byte)
    let end = valueEnd
    if value.count >= end.count, value.suffix(end.count).elementsEqual(end) {
      value.removeLast(end.count)
      if dialect == .parameters, value.last == 0x0A { value.removeLast() }
      if isString {
        sink.arguments(escaped(value))
        sink.arguments("\"")
      } else {
        let isJSON = (try? JSONValue(parsing: value, name: "value")) != nil
        sink.arguments(isJSON ? value : JSONValue.string(String(decoding: value, as: UTF8.self)).serialized)
      }
      sink.accept()
      part = .between
      return .more
    }
    if isString { release(into: &sink) }
    return .more
  }

  /// Passes on what cannot be the end of the value.
  private mutating func release(into sink: inout CallSink) {
    let end = dialect == .parameters ? [0x0A] + valueEnd : valueEnd
    var start = 0
    while start < value.count {
      let rest = value[start...]
      if end.starts(with: rest) || valueEnd.starts(with: rest) { break }
      start += 1
    }
    guard start > 0 else { return }
    sink.arguments(escaped(Array(value[..<start])))
    value.removeSubrange(..<start)
    sink.accept()
    for byte in value { sink.hold(byte) }
  }

  /// The inside of a JSON string.
  private func escaped(_ bytes: [UInt8]) -> [UInt8] {
    // Bytes above ASCII pass unchanged, so a character may be cut here.
    bytes.flatMap { byte in
      byte < 0x80 ? Array(JSONValue.string(String(Unicode.Scalar(byte))).serialized.dropFirst().dropLast()) : [byte]
    }
  }
}
