extension TextTokenizer.Normalization {
  /// The range changed; nil when it stays as it is.
  func applied(to bytes: [UInt8], _ range: Range<Int>) -> [UInt8]? {
    switch self {
    case .form(let form):
      // ASCII is its own normal form: the tables are not read for it.
      return bytes[range].allSatisfy { $0 < 0x80 } ? nil : Normalizer.of(form).normalized(bytes, range)
    case .lowercase: return CaseFolding.shared.lowercased(bytes, range)
    case .accentStripping: return without(.accent, bytes, range)
    case .trim(let left, let right): return trimmed(bytes, range, left: left, right: right)
    case .prepend(let prefix): return range.isEmpty ? nil : prefix + bytes[range]
    case .replace(let old, let new):
      var result: [UInt8] = []
      var index = range.lowerBound
      while index < range.upperBound {
        if bytes[index..<range.upperBound].starts(with: old) {
          result.append(contentsOf: new)
          index += old.count
        } else {
          result.append(bytes[index])
          index += 1
        }
      }
      return result
    }
  }

  private func without(_ kind: CharacterClass, _ bytes: [UInt8], _ range: Range<Int>) -> [UInt8]? {
    let classes = UnicodeClasses.shared
    var result: [UInt8] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let next = bytes.scalar(at: index, before: range.upperBound)
      if !next.isValid || !classes[next.value].contains(kind) { result += bytes[index..<index + next.length] }
      index += next.length
    }
    return result
  }

  private func trimmed(_ bytes: [UInt8], _ range: Range<Int>, left: Bool, right: Bool) -> [UInt8]? {
    let classes = UnicodeClasses.shared
    var (first, last) = (range.upperBound, range.lowerBound)
    var index = range.lowerBound
    while index < range.upperBound {
      let next = bytes.scalar(at: index, before: range.upperBound)
      if !next.isValid || !classes[next.value].contains(.space) {
        first = min(first, index)
        last = index + next.length
      }
      index += next.length
    }
    guard first < last else { return left || right ? [] : nil }
    return Array(bytes[(left ? first : range.lowerBound)..<(right ? last : range.upperBound)])
  }
}
