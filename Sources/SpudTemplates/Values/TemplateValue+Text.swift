extension TemplateEvaluator {
  /// A value as `{{ value }}` prints it: Python's `str`.
  func printed(_ value: TemplateValue) throws -> TemplateText {
    switch value {
    case .text(let text): return text
    case .undefined: return TemplateText()
    default:
      var output = TemplateText()
      try represent(value, into: &output)
      return output
    }
  }

  /// Appends a value as Python's `repr` spells it.
  private func represent(_ value: TemplateValue, into output: inout TemplateText) throws {
    try step()
    switch value {
    case .undefined: output.append("Undefined".utf8, origin: .template)
    case .none: output.append("None".utf8, origin: .template)
    case .bool(let value): output.append((value ? "True" : "False").utf8, origin: .template)
    case .integer(let value): output.append(String(value).utf8, origin: .template)
    case .largeInteger(let spelling): output.append(spelling.utf8, origin: .template)
    case .float(let value): output.append(PythonNumber.spelling(of: value).utf8, origin: .template)
    case .text(let text):
      try charge(text.utf8.count)
      output.append(Self.quoted(text))
    case .list(let list):
      output.append((list.isTuple ? "(" : "[").utf8, origin: .template)
      for (index, item) in list.items.enumerated() {
        if index > 0 { output.append(", ".utf8, origin: .template) }
        try represent(item, into: &output)
      }
      let end = list.isTuple ? (list.items.count == 1 ? ",)" : ")") : "]"
      output.append(end.utf8, origin: .template)
    case .dictionary(let dictionary):
      output.append("{".utf8, origin: .template)
      for (index, entry) in dictionary.entries.enumerated() {
        if index > 0 { output.append(", ".utf8, origin: .template) }
        try represent(entry.key, into: &output)
        output.append(": ".utf8, origin: .template)
        try represent(entry.value, into: &output)
      }
      output.append("}".utf8, origin: .template)
    case .iterator, .namespace, .macro, .loop, .function, .method:
      throw fail("\(value.kind) is printed, which has no text")
    }
  }

  /// A string in quotation marks, with Python's escapes.
  private static func quoted(_ text: TemplateText) -> TemplateText {
    let quote: Unicode.Scalar = text.utf8.contains(0x27) && !text.utf8.contains(0x22) ? "\"" : "'"
    var output = TemplateText(String(quote), origin: .template)
    output.append(text.mapScalars { placed, _ in escaped(placed.scalar, quote: quote) })
    output.append(String(quote).utf8, origin: .template)
    return output
  }

  private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
    switch scalar {
    case "\\": return "\\\\"
    case quote: return "\\" + String(quote)
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    default: break
    }
    if scalar.value >= 0x20 && scalar.value < 0x7F { return String(scalar) }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      let digits = String(scalar.value, radix: 16)
      func padded(_ width: Int) -> String { String(repeating: "0", count: max(0, width - digits.count)) + digits }
      if scalar.value < 0x100 { return "\\x" + padded(2) }
      return scalar.value < 0x10000 ? "\\u" + padded(4) : "\\U" + padded(8)
    default: return String(scalar)
    }
  }
}
