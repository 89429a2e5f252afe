/// Characters to lower case one by one, by the table of the `tokenizers` package.
struct CaseFolding: Sendable {
  static let shared = CaseFolding()

  private let lowercase: [UInt32: [UInt32]]

  private init() {
    lowercase = Dictionary(ScalarMappings(NormalizerTable.lowercase).flatMap { $0.pairs }) { first, _ in first }
  }

  /// A range of `bytes` in lower case; bytes that are not UTF-8 stay.
  func lowercased(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let next = bytes.scalar(at: index, before: range.upperBound)
      if next.isValid, let lower = lowercase[next.value] {
        for scalar in lower { result.append(scalar: scalar) }
      } else {
        result += bytes[index..<index + next.length]
      }
      index += next.length
    }
    return result
  }
}

/// One entry of a table such as `41-5A=61 130=69+307 100-12E/2=101`: what each scalar of a run becomes.
struct ScalarMapping {
  var first: UInt32
  var last: UInt32
  var step: UInt32 = 1
  var target: [UInt32]

  /// Each scalar with what it becomes.
  var pairs: [(UInt32, [UInt32])] {
    stride(from: first, through: last, by: Int(step)).map { scalar in
      (scalar, first == last ? target : target.map { $0 + (scalar - first) })
    }
  }
}

/// The entries of a table.
func ScalarMappings(_ table: String) -> [ScalarMapping] {
  table.split(whereSeparator: \.isWhitespace).compactMap { field in
    let halves = field.split(separator: "=")
    guard halves.count == 2 else { return nil }
    let ends = halves[0].prefix { $0 != "/" }.split(separator: "-").compactMap { UInt32($0, radix: 16) }
    guard let first = ends.first, let last = ends.last else { return nil }
    let target = halves[1].split(separator: "+").compactMap { UInt32($0, radix: 16) }
    return ScalarMapping(first: first, last: last, step: halves[0].hasSuffix("/2") ? 2 : 1, target: target)
  }
}
