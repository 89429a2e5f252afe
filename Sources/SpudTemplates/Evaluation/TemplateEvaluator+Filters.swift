extension TemplateEvaluator {
  /// A value with filters applied from left to right.
  func filtered(
    _ value: TemplateValue, by filters: [TemplateFilterCall], in scope: TemplateScope
  ) throws -> TemplateValue {
    var value = value
    for filter in filters {
      value = try checked(try self.filter(value, try evaluate(filter.arguments, in: scope, for: filter.name)))
    }
    return value
  }

  func filter(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
    try step()
    if let result = try filterText(value, call) { return result }
    if let result = try filterElements(value, call) { return result }
    if let result = try filterNumber(value, call) { return result }
    throw fail("the filter '\(call.name.prefix(40))' is not supported")
  }

  /// Filters that give numbers, JSON, or the value itself.
  private func filterNumber(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue? {
    switch call.name {
    case "default", "d":
      let arguments = try call.arguments("default_value", "boolean", for: self)
      let replaces = value.isUndefined || (arguments[1]?.isTrue == true && !value.isTrue)
      return replaces ? arguments[0] ?? .text("") : value
    case "tojson": return .text(try json(value, call))
    case "int":
      let arguments = try call.arguments("default", "base", for: self)
      return integer(from: value, base: arguments[1]?.integer ?? 10) ?? arguments[0] ?? .integer(0)
    case "float":
      let fallback = try call.arguments("default", for: self)[0]
      return double(from: value).map { .float($0) } ?? fallback ?? .float(0)
    case "abs":
      if let integer = value.integer, integer != .min { return .integer(abs(integer)) }
      guard let number = value.number else { throw fail("'abs' of \(value.kind)") }
      return .float(number.magnitude)
    case "round": return try rounded(value, call)
    case "attr":
      guard let name = try call.arguments("name", for: self)[0]?.text else { throw fail("'attr' has no name") }
      if case .dictionary = value, !hasMethod(name.string, value) { return .missing }
      return try attribute(name.string, of: value)
    default: return nil
    }
  }

  private func json(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateText {
    let arguments = try call.arguments("ensure_ascii", "indent", "separators", "sort_keys", for: self)
    var indent: TemplateText?
    if let text = arguments[1]?.text {
      indent = text
    } else if let width = arguments[1]?.integer {
      try check(length: width)
      indent = TemplateText(utf8: .init(repeating: 0x20, count: max(0, width)))
    }
    var separators: (item: TemplateText, key: TemplateText)?
    if let value = arguments[2], case .list(let list) = value, list.items.count == 2 {
      separators = (try printed(list.items[0]), try printed(list.items[1]))
    }
    var writer = TemplateJSONWriter(indent: indent, separators: separators)
    writer.escapesNonASCII = arguments[0]?.isTrue ?? false
    writer.sortsKeys = arguments[3]?.isTrue ?? false
    try writer.write(value, for: self)
    return try charged(writer.text)
  }

  private func integer(from value: TemplateValue, base: Int) -> TemplateValue? {
    if let integer = value.integer { return .integer(integer) }
    if case .largeInteger = value { return value }
    if let text = value.text?.trimmed().string {
      if base != 10, (2...36).contains(base) {
        let digits = text.lowercased()
        let prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "-"
        return Int(digits.hasPrefix(prefix) ? String(digits.dropFirst(2)) : digits, radix: base).map { .integer($0) }
      }
      if let integer = Int(text.replacing("_", with: "")) { return .integer(integer) }
    }
    return double(from: value).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .integer($0) }
  }

  private func double(from value: TemplateValue) -> Double? {
    if let number = value.number { return number }
    if case .largeInteger(let spelling) = value { return Double(spelling) }
    guard let text = value.text?.trimmed().string, !text.lowercased().hasPrefix("0x") else { return nil }
    return Double(text.replacing("_", with: ""))
  }

  private func rounded(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
    let arguments = try call.arguments("precision", "method", for: self)
    let method = arguments[1]?.text?.string ?? "common"
    guard let precision = arguments[0].map({ $0.integer }) ?? 0, (-300...300).contains(precision),
      ["common", "ceil", "floor"].contains(method), let number = value.number
    else { throw fail("'round' of \(value.kind), or with arguments that it does not take") }
    if case .integer = value, method == "common", precision >= 0 { return value }
    let scale = power(ofTen: precision)
    let rule: FloatingPointRoundingRule = method == "ceil" ? .up : method == "floor" ? .down : .toNearestOrEven
    return .float((number * scale).rounded(rule) / scale)
  }

  private func power(ofTen exponent: Int) -> Double {
    let power = (0..<abs(exponent)).reduce(1.0) { power, _ in power * 10 }
    return exponent < 0 ? 1 / power : power
  }

  /// In ascending order of a key; what has equal keys stays in its order.
  func sorted<Item>(_ items: [Item], by key: (Item) throws -> TemplateValue) throws -> [Item] {
    try step(items.count)
    let keyed = try items.enumerated().map { (offset: $0.offset, key: try key($0.element), item: $0.element) }
    return try keyed.sorted { a, b in
      if try precedes(a.key, b.key) { return true }
      return try precedes(b.key, a.key) ? false : a.offset < b.offset
    }.map(\.item)
  }
}
