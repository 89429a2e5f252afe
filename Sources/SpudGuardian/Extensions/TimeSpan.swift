/// Cedar's `duration`: whole milliseconds, in 64 bits, of either sign.
package struct TimeSpan: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  private static let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Reads `1d2h3m4s5ms`, any of the parts in this order, with one minus for all in front. Nil for anything else, or
  /// where the sum does not fit.
  package init?(parsing text: String) {
    var rest = Substring(text)
    let negative = rest.utf8.first == UInt8(ascii: "-")
    if negative { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return nil }

    var sum: Int64 = 0
    var next = Self.units[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let unit = next.firstIndex(where: { $0.name == name }),
        let count = Digits.value(of: digits, negative: negative)
      else { return nil }
      let (part, tooLarge) = count.multipliedReportingOverflow(by: Self.units[unit].milliseconds)
      let (total, overflow) = sum.addingReportingOverflow(part)
      guard !tooLarge, !overflow else { return nil }
      sum = total
      next = Self.units[(unit + 1)...]
    }
    milliseconds = sum
  }

  package static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }
}
