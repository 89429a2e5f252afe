extension TemplateEvaluator {
  /// `"%s: %d" % values`.
  func formatted(_ format: TemplateText, with values: TemplateValue) throws -> TemplateText {
    var remaining: ArraySlice<TemplateValue> = [values]
    if case .list(let list) = values, list.isTuple { remaining = list.items[...] }
    try charge(format.utf8.count)
    var result = TemplateText(), offset = 0
    while let percent = format.firstOffset(of: [0x25], from: offset) {
      result.append(format, offset..<percent)
      guard percent + 1 < format.utf8.count else { throw fail("a format ends with '%'") }
      let kind = format.utf8[percent + 1]
      offset = percent + 2
      if kind == 0x25 {
        result.append(format, (percent + 1)..<offset)
        continue
      }
      guard let value = remaining.popFirst() else { throw fail("a format has more fields than values") }
      switch kind {
      case UInt8(ascii: "s"): result.append(try printed(value))
      case UInt8(ascii: "d"), UInt8(ascii: "i"):
        guard let number = value.integer ?? value.number.flatMap({ Int(exactly: $0.rounded(.towardZero)) }) else {
          throw fail("'%d' formats \(value.kind)")
        }
        result.append(String(number).utf8, origin: .template)
      default: throw fail("a format has the field '%\(format.scalar(at: percent + 1).scalar)', which is not supported")
      }
      try check(length: result.utf8.count)
    }
    guard remaining.isEmpty || !isTuple(values) else { throw fail("a format has fewer fields than values") }
    result.append(format, offset..<format.utf8.count)
    return try charged(result)
  }

  private func isTuple(_ value: TemplateValue) -> Bool {
    if case .list(let list) = value { list.isTuple } else { false }
  }

  /// `"{}: {name}".format(…)`, with fields that are numbered, named or in order, without a format of their own.
  func formattedFields(_ format: TemplateText, _ call: TemplateCall) throws -> TemplateText {
    var result = TemplateText(), offset = 0, next = 0
    let bytes = format.utf8
    while offset < bytes.count {
      let start = offset
      while offset < bytes.count, bytes[offset] != 0x7B, bytes[offset] != 0x7D { offset += 1 }
      result.append(format, start..<offset)
      guard offset < bytes.count else { break }
      if offset + 1 < bytes.count, bytes[offset + 1] == bytes[offset] {
        result.append(format, offset..<(offset + 1))
        offset += 2
        continue
      }
      guard bytes[offset] == 0x7B, let end = format.firstOffset(of: [0x7D], from: offset) else {
        throw fail("a format has a brace without its other half")
      }
      let field = format.slice((offset + 1)..<end)
      offset = end + 1
      let value: TemplateValue?
      if field.isEmpty || Int(field.string) != nil {
        let index = Int(field.string) ?? next
        next += 1
        value = call.positional.indices.contains(index) ? call.positional[index] : nil
      } else {
        let path = field.split(by: TemplateText(".", origin: .template))
        var found = call.named.first { $0.name == path[0].string }?.value
        for part in path.dropFirst() { found = try found.map { try attribute(part.string, of: $0) } }
        value = found
      }
      guard let value else {
        throw fail("the field '{\(field.string.prefix(40))}' of a format has no value, or is not supported")
      }
      result.append(try printed(value))
      try check(length: result.utf8.count)
    }
    return try charged(result)
  }
}
