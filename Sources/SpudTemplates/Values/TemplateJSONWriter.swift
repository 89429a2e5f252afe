/// Writes values as Python's `json.dumps` does.
struct TemplateJSONWriter {
  /// Spaces for each level; nil for one line.
  private let indent: TemplateText?
  private let itemSeparator: TemplateText
  private let keySeparator: TemplateText
  var sortsKeys = false
  var escapesNonASCII = false

  private(set) var output: [UInt8] = []
  /// Whether a string of the user's went into the output.
  private(set) var holdsUserText: Bool

  /// - Parameter separators: Between items, and behind keys.
  init(indent: TemplateText?, separators: (item: TemplateText, key: TemplateText)? = nil) {
    self.indent = indent
    itemSeparator = separators?.item ?? TemplateText(indent == nil ? ", " : ",", origin: .template)
    keySeparator = separators?.key ?? TemplateText(": ", origin: .template)
    let parts = [indent, itemSeparator, keySeparator]
    holdsUserText = parts.contains { $0?.joinedOrigin == .user }
  }

  /// The text written so far. It is the user's as a whole, if any string in it is.
  var text: TemplateText { TemplateText(utf8: output, origin: holdsUserText ? .user : .template) }

  mutating func write(_ value: TemplateValue, for evaluator: TemplateEvaluator, level: Int = 0) throws {
    try evaluator.step()
    switch value {
    case .none: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .integer(let value): output += String(value).utf8
    case .largeInteger(let spelling): output += spelling.utf8
    case .float(let value): output += Self.spelling(of: value).utf8
    case .text(let text):
      try evaluator.charge(text.utf8.count)
      write(text)
    case .list(let list):
      try write(list.items, between: "[", "]", level: level, for: evaluator) { writer, item in
        try writer.write(item, for: evaluator, level: level + 1)
      }
    case .dictionary(let dictionary):
      var entries = dictionary.entries
      if sortsKeys { entries = try evaluator.sorted(entries, by: \.key) }
      try write(entries, between: "{", "}", level: level, for: evaluator) { writer, entry in
        try writer.write(key: entry.key, for: evaluator)
        try writer.write(separator: writer.keySeparator, for: evaluator)
        try writer.write(entry.value, for: evaluator, level: level + 1)
      }
    case .undefined, .iterator, .namespace, .macro, .loop, .function, .method:
      throw evaluator.fail("\(value.kind) cannot be written as JSON")
    }
  }

  private mutating func write<Item>(
    _ items: [Item], between start: String, _ end: String, level: Int, for evaluator: TemplateEvaluator,
    _ body: (inout Self, Item) throws -> Void
  ) throws {
    output += start.utf8
    for (index, item) in items.enumerated() {
      if index > 0 { try write(separator: itemSeparator, for: evaluator) }
      try breakLine(level: level + 1, for: evaluator)
      try body(&self, item)
    }
    if !items.isEmpty { try breakLine(level: level, for: evaluator) }
    output += end.utf8
  }

  private mutating func write(separator: TemplateText, for evaluator: TemplateEvaluator) throws {
    try evaluator.charge(separator.utf8.count)
    output += separator.utf8
  }

  private mutating func breakLine(level: Int, for evaluator: TemplateEvaluator) throws {
    guard let indent else { return }
    try evaluator.charge(1 + level * indent.utf8.count)
    output.append(0x0A)
    for _ in 0..<level { output += indent.utf8 }
  }

  private mutating func write(key: TemplateValue, for evaluator: TemplateEvaluator) throws {
    switch key {
    case .text(let text): write(text)
    case .none: output += "\"null\"".utf8
    case .bool(let value): output += (value ? "\"true\"" : "\"false\"").utf8
    case .integer(let value): output += "\"\(value)\"".utf8
    case .float(let value): output += "\"\(Self.spelling(of: value))\"".utf8
    default: throw evaluator.fail("\(key.kind) cannot be the key of a JSON object")
    }
  }

  private mutating func write(_ text: TemplateText) {
    if text.joinedOrigin == .user { holdsUserText = true }
    output.append(0x22)
    if escapesNonASCII {
      for unit in text.string.utf16 {
        if unit < 0x80 { write(byte: UInt8(unit)) } else { write(unit: unit) }
      }
    } else {
      for byte in text.utf8 { write(byte: byte) }
    }
    output.append(0x22)
  }

  private mutating func write(byte: UInt8) {
    switch byte {
    case 0x22, 0x5C: output += [0x5C, byte]
    case 0x08: output += "\\b".utf8
    case 0x09: output += "\\t".utf8
    case 0x0A: output += "\\n".utf8
    case 0x0C: output += "\\f".utf8
    case 0x0D: output += "\\r".utf8
    case 0..<0x20: write(unit: UInt16(byte))
    default: output.append(byte)
    }
  }

  private mutating func write(unit: UInt16) {
    let digits = String(unit, radix: 16)
    output += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
  }

  private static func spelling(of value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return PythonNumber.spelling(of: value)
  }
}
