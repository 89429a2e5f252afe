internal import SpudTensors

/// A call that is one JSON object: `{"name": …, "arguments": {…}}`, its members in any order.
///
/// Once the name is known, the arguments stream; if they come first, they wait for it.
struct CallEnvelope: Sendable {
  private var scanner = JSONScanner()
  private var key: [UInt8] = []
  /// The value of the member being read, at the top of the object.
  private var value: [UInt8] = []
  private var isStreaming = false
  private var name: String?
  private var id: String?
  private var waitingArguments: [UInt8]?
  private var hasArguments = false
  /// Whether a member that no call has makes this no call: for formats without a marker.
  let isStrict: Bool

  private static let argumentKeys: Set = ["arguments", "parameters"]
  private static let otherKeys: Set = ["name", "id", "type"]

  init(isStrict: Bool = false) { self.isStrict = isStrict }

  /// Takes one byte, the first of which is the opening brace.
  mutating func push(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    let before = scanner.state, depthBefore = scanner.depth
    if depthBefore == 0, byte != UInt8(ascii: "{") { return .failed }
    let step = scanner.push(byte)
    guard step != .failed else { return .failed }
    if depthBefore == 1, before == .string(isKey: true), scanner.state != .colon { key.append(byte) }
    if depthBefore == 1, case .escape(isKey: true) = before { key.append(byte) }
    if depthBefore == 1, scanner.state == .string(isKey: true), before == .key || before == .firstKeyOrEnd { key = [] }
    if depthBefore == 1, before == .string(isKey: true), scanner.state == .colon, !accepts(keyText) { return .failed }

    let begins = depthBefore == 1 && before == .value && !JSONScanner.isSpace(byte)
    if begins {
      value = []
      isStreaming = Self.argumentKeys.contains(keyText) && name != nil
      if Self.argumentKeys.contains(keyText) {
        guard byte == UInt8(ascii: "{"), !hasArguments else { return .failed }
        hasArguments = true
        if isStreaming, let name { sink.start(name: name, id: id) }
      }
    }
    let isInside = begins || (depthBefore >= 1 && !isBetween(before, depthBefore))
    // A number ends with the byte behind it, which is not part of it.
    let endsBefore = isInside && !begins && depthBefore == 1 && isNumber(before) && !isNumber(scanner.state)
    if isInside, !endsBefore {
      if isStreaming { sink.arguments(CollectionOfOne(byte)) } else { value.append(byte) }
    }
    if !isStreaming || !isInside || endsBefore { sink.hold(byte) }
    let ends = isInside && scanner.depth <= 1 && (scanner.state == .commaOrEnd || scanner.state == .key || endsBefore)
    if ends, !finishMember(&sink) { return .failed }
    return step == .done ? (finish(&sink) ? .done : .failed) : .more
  }

  private var keyText: String { String(decoding: key, as: UTF8.self) }

  private func accepts(_ key: String) -> Bool {
    !isStrict || Self.argumentKeys.contains(key) || Self.otherKeys.contains(key)
  }

  /// Whether the scanner stood between the members of the object at the top.
  private func isBetween(_ state: JSONScanner.State, _ depth: Int) -> Bool {
    guard depth == 1 else { return false }
    switch state {
    case .firstKeyOrEnd, .key, .colon, .value, .commaOrEnd, .string(isKey: true), .escape(isKey: true),
      .hexadecimal(_, isKey: true):
      return true
    default: return false
    }
  }

  private func isNumber(_ state: JSONScanner.State) -> Bool {
    switch state {
    case .sign, .zero, .digits, .point, .fraction, .mark, .markSign, .exponent: true
    default: false
    }
  }

  private mutating func finishMember(_ sink: inout CallSink) -> Bool {
    defer { isStreaming = false }
    switch keyText {
    case "name":
      guard let text = string(value), !text.isEmpty, name == nil else { return false }
      name = text
    case "id":
      id = string(value)
    case let key where Self.argumentKeys.contains(key) && !isStreaming: waitingArguments = value
    default: break
    }
    if let name, let arguments = waitingArguments {
      sink.start(name: name, id: id)
      sink.arguments(arguments)
      waitingArguments = nil
    }
    return true
  }

  private mutating func finish(_ sink: inout CallSink) -> Bool {
    guard let name else { return false }
    if !hasArguments {
      sink.start(name: name, id: id)
      sink.arguments("{}")
    }
    return true
  }

  private func string(_ bytes: [UInt8]) -> String? { (try? JSONValue(parsing: bytes, name: "name"))?.string }
}
