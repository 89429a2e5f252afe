extension TemplateEvaluator {
  /// Filters of strings; all of them read any value as what it prints.
  func filterText(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue? {
    switch call.name {
    case "string": return .text(try printed(value))
    case "trim":
      let set = try call.arguments("chars", for: self)[0]?.text
      return .text(try charged(try printed(value)).trimmed(set))
    case "upper": return .text(try charged(try printed(value).uppercased))
    case "lower": return .text(try charged(try printed(value).lowercased))
    case "capitalize": return .text(try charged(try printed(value).capitalized))
    case "title": return .text(try charged(try titled(try printed(value))))
    case "safe":
      var text = try printed(value)
      text.isMarkup = true
      return .text(text)
    case "escape", "e", "forceescape":
      var text = try printed(value)
      if call.name == "forceescape" { text.isMarkup = false }
      return .text(try charged(text.escaped))
    case "replace":
      let arguments = try call.arguments("old", "new", "count", for: self)
      guard let old = arguments[0], let new = arguments[1] else {
        throw fail("'replace' takes an old and a new string")
      }
      return try replaced(try printed(value), try printed(old), try printed(new), limit: arguments[2]?.integer)
    case "indent": return .text(try indented(try printed(value), call))
    case "format":
      let list = TemplateList(call.positional, isTuple: true)
      return .text(try formatted(try printed(value), with: .list(list)))
    case "center":
      let width = try call.arguments("width", for: self)[0]?.integer ?? 80
      return .text(try padded(try printed(value), to: width, left: true, right: true, with: nil))
    case "truncate": return .text(try truncated(try printed(value), call))
    case "wordcount":
      let text = try charged(try printed(value))
      let isWord = text.scalars.map { placed in
        let properties = placed.scalar.properties
        return properties.isAlphabetic || properties.numericType != nil || placed.scalar == "_"
      }
      return .integer(isWord.indices.count { isWord[$0] && ($0 == 0 || !isWord[$0 - 1]) })
    default: return nil
    }
  }

  func replaced(
    _ text: TemplateText, _ old: TemplateText, _ new: TemplateText, limit: Int?
  ) throws -> TemplateValue {
    let limit = limit.flatMap { $0 < 0 ? nil : $0 } ?? .max
    try charge(text.utf8.count + old.utf8.count)
    // The largest result that this could be, before it is made.
    let count = old.isEmpty ? min(text.scalarCount + 1, limit) : text.offsets(of: old.utf8, limit: limit).count
    let (growth, overflow) = count.multipliedReportingOverflow(by: new.utf8.count)
    try check(length: overflow ? .max : max(0, growth - count * old.utf8.count) + text.utf8.count)
    return .text(try charged(text.replacing(old, with: new, limit: limit)))
  }

  /// Jinja's `title`: words begin behind space, hyphens and opening brackets.
  private func titled(_ text: TemplateText) throws -> TemplateText {
    try charge(text.utf8.count)
    var result = TemplateText(), start = 0, wordStart = 0, isAtStart = true
    func take(_ end: Int) {
      result.append(text.slice(start..<wordStart).uppercased)
      result.append(text.slice(wordStart..<end).lowercased)
    }
    for placed in text.scalars {
      if isAtStart {
        take(placed.range.lowerBound)
        (start, wordStart) = (placed.range.lowerBound, placed.range.upperBound)
      }
      isAtStart = placed.scalar.isPythonSpace || "-({[<".unicodeScalars.contains(placed.scalar)
    }
    take(text.utf8.count)
    return result
  }

  private func indented(_ text: TemplateText, _ call: TemplateCall) throws -> TemplateText {
    let arguments = try call.arguments("width", "first", "blank", for: self)
    let width = arguments[0]?.integer ?? 4
    try check(length: width)
    let indent = arguments[0]?.text ?? TemplateText(utf8: .init(repeating: 0x20, count: max(0, width)))
    let isFirst = arguments[1]?.isTrue ?? false, isBlank = arguments[2]?.isTrue ?? false
    try charge(text.utf8.count)
    // Jinja appends a newline, splits, and joins again: a newline at the end stays one.
    let lines = text.appending(TemplateText("\n", origin: .template)).splitAtLines(keepingEnds: false)
    try check(length: text.utf8.count + lines.count * indent.utf8.count)
    var result = TemplateText()
    for (index, line) in lines.enumerated() {
      if index > 0 { result.append("\n".utf8, origin: .template) }
      if index == 0 ? isFirst : (isBlank || !line.isEmpty) { result.append(indent) }
      result.append(line)
    }
    return try charged(result)
  }

  private func truncated(_ text: TemplateText, _ call: TemplateCall) throws -> TemplateText {
    let arguments = try call.arguments("length", "killwords", "end", "leeway", for: self)
    let length = arguments[0]?.integer ?? 255, leeway = arguments[3]?.integer ?? 5
    let end = arguments[2]?.text ?? TemplateText("...", origin: .template)
    try charge(text.utf8.count)
    let offsets = text.scalarOffsets
    try check(length: length)
    guard length >= end.scalarCount, leeway >= 0 else { throw fail("'truncate' to fewer characters than its end has") }
    guard offsets.count - 1 > length + min(leeway, 1 << 40) else { return text }
    var head = text.slice(0..<offsets[length - end.scalarCount])
    if arguments[1]?.isTrue != true, let space = head.lastOffset(of: [0x20]) { head = head.slice(0..<space) }
    return head.appending(end)
  }

  /// Padded to `width` scalars.
  func padded(
    _ text: TemplateText, to width: Int, left: Bool, right: Bool, with fill: TemplateText?
  ) throws -> TemplateText {
    try check(length: width)
    guard width > text.scalarCount else { return text }
    let missing = width - text.scalarCount
    let fill = fill ?? TemplateText(" ", origin: .template)
    // Python puts the odd one of `center` to the right, unless the width is odd.
    let before = left && right ? missing / 2 + (missing & width & 1) : left ? missing : 0
    var result = TemplateText()
    for _ in 0..<before { result.append(fill) }
    result.append(text)
    for _ in 0..<(missing - before) { result.append(fill) }
    return try charged(result)
  }
}
