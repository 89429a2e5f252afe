/// Numbers as Python spells them.
enum PythonNumber {
  /// The shortest spelling that reads back as `value`, with an exponent where Python has one: below 1e-4 and from 1e16.
  static func spelling(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
    let (digits, exponent) = shortest(value.magnitude)
    let sign = value < 0 ? "-" : ""
    // The value is 0.DIGITS · 10^exponent.
    if exponent < -3 || exponent > 16 {
      let power = exponent - 1
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      let padded = abs(power) < 10 ? "0\(abs(power))" : "\(abs(power))"
      return "\(sign)\(digits.prefix(1))\(fraction)e\(power < 0 ? "-" : "+")\(padded)"
    }
    if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
    if digits.count <= exponent {
      return sign + digits + String(repeating: "0", count: exponent - digits.count) + ".0"
    }
    return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
  }

  /// The shortest digits that name `value` among doubles, without zeros at either end, and where the point is.
  private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
    var spelled = Substring("\(value)"), exponent = 0
    if let mark = spelled.firstIndex(of: "e") {
      exponent = Int(spelled[spelled.index(after: mark)...]) ?? 0
      spelled = spelled[..<mark]
    }
    let parts = spelled.split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(parts[0]), fraction = parts.count > 1 ? String(parts[1]) : ""
    exponent += whole.count
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(leading))
    exponent -= leading
    while digits.last == "0" { digits.removeLast() }
    return (digits, exponent)
  }
}
