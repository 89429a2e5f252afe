extension TemplateText {
  /// Where `needle` first occurs at or after `start`, in bytes.
  ///
  /// - Complexity: O(`utf8.count` + `needle.count`), by Knuth, Morris and Pratt: a template or a user may choose both.
  func firstOffset(of needle: [UInt8], from start: Int = 0) -> Int? {
    guard let first = needle.first else { return start <= utf8.count ? start : nil }
    guard needle.count <= utf8.count - start else { return nil }
    if needle.count == 1 { return utf8[start...].firstIndex(of: first) }
    let borders = Self.borders(of: needle)
    var matched = 0
    for offset in start..<utf8.count {
      while matched > 0, utf8[offset] != needle[matched] { matched = borders[matched - 1] }
      if utf8[offset] == needle[matched] { matched += 1 }
      if matched == needle.count { return offset + 1 - matched }
    }
    return nil
  }

  /// Where `needle` occurs without overlap, at most `limit` times.
  func offsets(of needle: [UInt8], limit: Int = .max) -> [Int] {
    guard let first = needle.first, limit > 0 else { return [] }
    let borders = Self.borders(of: needle)
    var found: [Int] = [], matched = 0
    for (offset, byte) in utf8.enumerated() {
      if matched == 0 && byte != first { continue }
      while matched > 0, byte != needle[matched] { matched = borders[matched - 1] }
      if byte == needle[matched] { matched += 1 }
      if matched == needle.count {
        found.append(offset + 1 - matched)
        if found.count == limit { break }
        matched = 0
      }
    }
    return found
  }

  /// Where `needle` last occurs, in bytes.
  func lastOffset(of needle: [UInt8]) -> Int? {
    if needle.isEmpty { return utf8.count }
    let mirrored = TemplateText(utf8: utf8.reversed())
    return mirrored.firstOffset(of: needle.reversed()).map { utf8.count - $0 - needle.count }
  }

  /// For each prefix of `needle`, the length of its longest proper prefix that is also a suffix.
  private static func borders(of needle: [UInt8]) -> [Int] {
    var borders = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in needle.indices.dropFirst() {
      while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders[index] = length
    }
    return borders
  }

  func contains(_ needle: TemplateText) -> Bool { firstOffset(of: needle.utf8) != nil }
  func hasPrefix(_ prefix: TemplateText) -> Bool { utf8.starts(with: prefix.utf8) }
  func hasSuffix(_ suffix: TemplateText) -> Bool {
    utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }

  /// Every occurrence of `old`, or the first `limit`, replaced; an empty `old` matches between all scalars.
  func replacing(_ old: TemplateText, with new: TemplateText, limit: Int = .max) -> TemplateText {
    let found = old.isEmpty ? Array(scalarOffsets.prefix(limit)) : offsets(of: old.utf8, limit: limit)
    guard !found.isEmpty else { return self }
    var result = TemplateText(), end = 0
    for offset in found {
      result.append(self, end..<offset)
      result.append(new)
      end = offset + old.utf8.count
    }
    result.append(self, end..<utf8.count)
    return result
  }

  /// The parts between occurrences of `separator`, cut from the left at most `limit` times.
  func split(by separator: TemplateText, limit: Int = .max) -> [TemplateText] {
    pieces(between: offsets(of: separator.utf8, limit: limit), length: separator.utf8.count)
  }

  /// The parts between occurrences of `separator`, cut from the right at most `limit` times.
  func splitFromRight(by separator: TemplateText, limit: Int) -> [TemplateText] {
    let mirrored = TemplateText(utf8: utf8.reversed())
    let found = mirrored.offsets(of: separator.utf8.reversed(), limit: limit)
    return pieces(
      between: found.reversed().map { utf8.count - $0 - separator.utf8.count }, length: separator.utf8.count)
  }

  private func pieces(between offsets: [Int], length: Int) -> [TemplateText] {
    var parts: [TemplateText] = [], start = 0
    for offset in offsets {
      parts.append(slice(start..<offset))
      start = offset + length
    }
    parts.append(slice(start..<utf8.count))
    return parts
  }

  /// The words between white space, at most `limit` cuts.
  func splitAtSpace(limit: Int = .max) -> [TemplateText] {
    var parts: [TemplateText] = [], start: Int?
    for placed in scalars {
      if !placed.scalar.isPythonSpace {
        if start == nil { start = placed.range.lowerBound }
        if parts.count == limit { break }
      } else if let begin = start {
        parts.append(slice(begin..<placed.range.lowerBound))
        start = nil
      }
    }
    if let start {
      let end = parts.count == limit ? slice(0..<utf8.count).trimmed(start: false).utf8.count : utf8.count
      parts.append(slice(start..<end))
    }
    return parts
  }

  func splitAtLines(keepingEnds: Bool) -> [TemplateText] {
    var lines: [TemplateText] = [], start = 0
    let scalars = scalars
    var index = 0
    while index < scalars.count {
      let end = scalars[index].range.lowerBound
      if scalars[index].scalar.endsPythonLine {
        if scalars[index].scalar == "\r", index + 1 < scalars.count, scalars[index + 1].scalar == "\n" { index += 1 }
        let next = scalars[index].range.upperBound
        lines.append(slice(start..<(keepingEnds ? next : end)))
        start = next
      }
      index += 1
    }
    if start < utf8.count { lines.append(slice(start..<utf8.count)) }
    return lines
  }

  /// Without the scalars of `set`, or white space, at the ends.
  func trimmed(_ set: TemplateText? = nil, start: Bool = true, end: Bool = true) -> TemplateText {
    let wanted = set.map { Set($0.scalars.map(\.scalar)) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { wanted.map { $0.contains(scalar) } ?? scalar.isPythonSpace }
    var low = 0, high = utf8.count
    while start, low < high {
      let next = scalar(at: low)
      guard goes(next.scalar) else { break }
      low = next.range.upperBound
    }
    while end, high > low {
      var last = high - 1
      while last > low, utf8[last] & 0xC0 == 0x80 { last -= 1 }
      guard goes(scalar(at: last).scalar) else { break }
      high = last
    }
    return slice(low..<high)
  }
}
