/// Numbers in the literals of extension types.
enum Digits {
  /// The value of one or more ASCII digits and nothing else; nil where it does not fit into 64 bits.
  ///
  /// - Parameter negative: Whether to count down from zero, so that the smallest number fits too.
  static func value(of text: Substring, negative: Bool = false) -> Int64? {
    guard !text.isEmpty else { return nil }
    var value: Int64 = 0
    for byte in text.utf8 {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let digit = Int64(byte - UInt8(ascii: "0"))
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) =
        negative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !tooLarge, !overflow else { return nil }
      value = sum
    }
    return value
  }
}
