/// Cedar's `decimal`: a number with four places after the point, in 64 bits.
package struct FixedDecimal: Hashable, Comparable, Sendable {
  /// The number times 10,000.
  package let tenThousandths: Int64

  package init(tenThousandths: Int64) { self.tenThousandths = tenThousandths }

  /// Reads `-12.34`: digits on both sides of the point, at most four after it. Nil for anything else, or where the
  /// number does not fit.
  package init?(parsing text: String) {
    var text = Substring(text)
    let negative = text.utf8.first == UInt8(ascii: "-")
    if negative { text = text.dropFirst() }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count <= 4,
      let whole = Digits.value(of: parts[0], negative: negative),
      let fraction = Digits.value(of: parts[1], negative: negative)
    else { return nil }
    var scaled = fraction
    for _ in parts[1].utf8.count..<4 { scaled *= 10 }
    let (product, tooLarge) = whole.multipliedReportingOverflow(by: 10_000)
    let (sum, overflow) = product.addingReportingOverflow(scaled)
    guard !tooLarge, !overflow else { return nil }
    tenThousandths = sum
  }

  package static func < (a: Self, b: Self) -> Bool { a.tenThousandths < b.tenThousandths }
}
