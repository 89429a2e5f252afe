extension TemplateEvaluator {
  /// Calls a method of a string, as Python has them.
  func call(_ text: TemplateText, _ call: TemplateCall) throws -> TemplateValue {
    try charge(text.utf8.count)
    switch call.name {
    case "upper": return .text(try charged(text.uppercased))
    case "lower", "casefold": return .text(try charged(text.lowercased))
    case "capitalize": return .text(try charged(text.capitalized))
    case "title": return .text(try charged(text.titled))
    case "swapcase": return .text(try charged(text.caseSwapped))
    case "strip", "lstrip", "rstrip":
      let set = try optionalText(call, "chars")
      return .text(text.trimmed(set, start: call.name != "rstrip", end: call.name != "lstrip"))
    case "startswith", "endswith": return .bool(try hasEnd(text, call))
    case "removeprefix", "removesuffix":
      let part = try requiredText(call)
      if call.name == "removeprefix" {
        return .text(text.hasPrefix(part) ? text.slice(part.utf8.count..<text.utf8.count) : text)
      }
      return .text(text.hasSuffix(part) ? text.slice(0..<(text.utf8.count - part.utf8.count)) : text)
    case "replace":
      let arguments = try call.arguments("old", "new", "count", for: self)
      guard let old = arguments[0]?.text, let new = arguments[1]?.text else {
        throw fail("'replace' takes an old and a new string")
      }
      return try replaced(text, old, new, limit: arguments[2]?.integer)
    case "split", "rsplit": return .list(try split(text, call))
    case "splitlines":
      let keeps = try call.arguments("keepends", for: self)[0]?.isTrue ?? false
      return .list(try charged(text.splitAtLines(keepingEnds: keeps)))
    case "partition", "rpartition": return try partition(text, call)
    case "join":
      guard let items = try call.arguments("iterable", for: self)[0] else {
        throw fail("'join' is called without a list")
      }
      let parts = try elements(of: items).map { item in
        guard let part = item.text else { throw fail("'join' of a list that holds \(item.kind)") }
        return part
      }
      return .text(try joined(parts, with: text))
    case "find", "rfind", "index", "rindex", "count": return try search(text, call)
    case "format": return .text(try formattedFields(text, call))
    case "zfill", "ljust", "rjust", "center": return .text(try padded(text, call))
    default:
      if let holds = Self.classTest(call.name, text) { return .bool(holds) }
      throw fail("the method '\(call.name)' of strings is not supported")
    }
  }

  private func optionalText(_ call: TemplateCall, _ name: String) throws -> TemplateText? {
    guard let value = try call.arguments(name, for: self)[0] else { return nil }
    if case .none = value { return nil }
    guard let text = value.text else {
      throw fail("'\(call.name)' is called with \(value.kind), where a string was expected")
    }
    return text
  }

  private func requiredText(_ call: TemplateCall) throws -> TemplateText {
    guard let text = try optionalText(call, "value") else { throw fail("'\(call.name)' is called without a string") }
    return text
  }

  /// The prefix or suffix may be a tuple of several.
  private func hasEnd(_ text: TemplateText, _ call: TemplateCall) throws -> Bool {
    guard call.named.isEmpty, let value = call.positional.first, call.positional.count == 1 else {
      throw fail("'\(call.name)' takes one string or a tuple of strings")
    }
    var choices = [value]
    if case .list(let list) = value, list.isTuple { choices = list.items }
    return try choices.contains { choice in
      guard let part = choice.text else {
        throw fail("'\(call.name)' is called with \(choice.kind), where a string was expected")
      }
      return call.name == "startswith" ? text.hasPrefix(part) : text.hasSuffix(part)
    }
  }

  private func split(_ text: TemplateText, _ call: TemplateCall) throws -> [TemplateValue] {
    let arguments = try call.arguments("sep", "maxsplit", for: self)
    let limit = arguments[1]?.integer.flatMap { $0 < 0 ? nil : $0 } ?? .max
    var separator = arguments[0]
    if case .some(.none) = separator { separator = nil }
    guard let separator else {
      guard call.name == "rsplit", limit != .max else { return try charged(text.splitAtSpace(limit: limit)) }
      throw fail("'rsplit' at white space with a limit is not supported")
    }
    guard let part = separator.text, !part.isEmpty else {
      throw fail("'\(call.name)' at \(separator.kind) or at nothing")
    }
    let parts =
      call.name == "split" || limit == .max
      ? text.split(by: part, limit: limit) : text.splitFromRight(by: part, limit: limit)
    return try charged(parts)
  }

  private func partition(_ text: TemplateText, _ call: TemplateCall) throws -> TemplateValue {
    let separator = try requiredText(call)
    guard !separator.isEmpty else { throw fail("'\(call.name)' at an empty string") }
    let isFirst = call.name == "partition"
    let offset = isFirst ? text.firstOffset(of: separator.utf8) : text.lastOffset(of: separator.utf8)
    let parts: [TemplateText]
    if let offset {
      let end = offset + separator.utf8.count
      parts = [text.slice(0..<offset), text.slice(offset..<end), text.slice(end..<text.utf8.count)]
    } else {
      parts = isFirst ? [text, TemplateText(), TemplateText()] : [TemplateText(), TemplateText(), text]
    }
    return .list(TemplateList(parts.map { .text($0) }, isTuple: true))
  }

  private func joined(_ parts: [TemplateText], with separator: TemplateText) throws -> TemplateText {
    var result = TemplateText()
    for (index, part) in parts.enumerated() {
      try check(length: result.utf8.count + separator.utf8.count + part.utf8.count)
      if index > 0 { result.append(separator) }
      result.append(part)
    }
    return try charged(result)
  }

  private func search(_ text: TemplateText, _ call: TemplateCall) throws -> TemplateValue {
    let part = try requiredText(call)
    if call.name == "count" {
      return .integer(part.isEmpty ? text.scalarCount + 1 : text.offsets(of: part.utf8).count)
    }
    let offset = call.name.hasPrefix("r") ? text.lastOffset(of: part.utf8) : text.firstOffset(of: part.utf8)
    if let offset { return .integer(text.slice(0..<offset).scalarCount) }
    guard call.name.hasSuffix("find") else { throw fail("'\(call.name)' of what is not in the string") }
    return .integer(-1)
  }

  private func padded(_ text: TemplateText, _ call: TemplateCall) throws -> TemplateText {
    let arguments = try call.arguments("width", "fillchar", for: self)
    guard let width = arguments[0].map({ max(0, $0.integer ?? 0) }) else {
      throw fail("'\(call.name)' is called without a width")
    }
    if call.name != "zfill" {
      return try padded(
        text, to: width, left: call.name != "ljust", right: call.name != "rjust", with: arguments[1]?.text)
    }
    let hasSign = text.utf8.first == 0x2B || text.utf8.first == 0x2D
    let sign = text.slice(0..<(hasSign ? 1 : 0)), digits = text.slice((hasSign ? 1 : 0)..<text.utf8.count)
    let zero = TemplateText("0", origin: .template)
    return sign.appending(
      try padded(digits, to: width - sign.utf8.count, left: true, right: false, with: zero))
  }

  /// `isdigit` and its like: true of every scalar, of which there must be one.
  private static func classTest(_ name: String, _ text: TemplateText) -> Bool? {
    func every(_ predicate: (Unicode.Scalar.Properties) -> Bool) -> Bool {
      !text.isEmpty && text.all { predicate($0.properties) }
    }
    switch name {
    case "isspace": return !text.isEmpty && text.all(\.isPythonSpace)
    case "isascii": return text.utf8.allSatisfy { $0 < 0x80 }
    case "isdecimal": return every { $0.generalCategory == .decimalNumber }
    case "isdigit": return every { $0.numericType == .decimal || $0.numericType == .digit }
    case "isnumeric": return every { $0.numericType != nil }
    case "isalpha": return every { isLetter($0) }
    case "isalnum": return every { isLetter($0) || $0.numericType != nil }
    case "islower", "isupper":
      let isCased = text.scalars.contains { $0.scalar.properties.isCased }
      return isCased && text == (name == "islower" ? text.lowercased : text.uppercased)
    default: return nil
    }
  }

  private static func isLetter(_ properties: Unicode.Scalar.Properties) -> Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
