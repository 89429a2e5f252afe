/// Numbers as people read them: no locale, no scientific notation, a thin digit count.
package enum Format {
  /// `value` with `digits` decimals, rounded half away from zero.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "–" }
    let power = 10.0.raised(to: Double(digits))
    let scaled = (value.magnitude * power).rounded()
    guard scaled < 0x1p53 else { return "\(value)" }
    let sign = value < 0 && scaled > 0 ? "−" : ""
    let whole = Int(scaled / power)
    guard digits > 0 else { return sign + grouped(whole) }
    let fraction = String(Int(scaled - Double(whole) * power))
    return sign + grouped(whole) + "." + String(repeating: "0", count: max(0, digits - fraction.count)) + fraction
  }

  /// `value` with thousands apart.
  package static func grouped(_ value: Int) -> String {
    var digits = Array(String(value.magnitude))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return (value < 0 ? "−" : "") + String(digits)
  }

  /// Three figures that count, with a unit's prefix above a thousand: 940, 1.24 k, 10.9 M.
  package static func number(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    let scales: [(Double, String)] = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")]
    for (scale, suffix) in scales where value.magnitude >= scale {
      return figures(value / scale) + suffix
    }
    return value == value.rounded() ? fixed(value, 0) : figures(value)
  }

  /// Three figures that count.
  package static func figures(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    guard value != 0 else { return "0" }
    let magnitude = value.magnitude.decimalLogarithm.rounded(.down)
    return fixed(value, min(6, max(0, 2 - Int(magnitude))))
  }

  /// Seconds, milliseconds or microseconds, whichever keeps the number short.
  package static func seconds(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    if value.magnitude >= 120 { return fixed(value / 60, 1) + " min" }
    if value.magnitude >= 1 { return figures(value) + " s" }
    if value.magnitude >= 1e-3 || value == 0 { return figures(value * 1e3) + " ms" }
    return figures(value * 1e6) + " µs"
  }

  /// `text` without the zeros that end its number's decimals: what an axis shows.
  package static func trimmed(_ text: String) -> String {
    guard let point = text.firstIndex(of: ".") else { return text }
    let end = text[point...].dropFirst().firstIndex { !$0.isNumber } ?? text.endIndex
    var number = text[..<end]
    while number.last == "0" { number.removeLast() }
    if number.last == "." { number.removeLast() }
    return String(number) + text[end...]
  }

  package static func percent(_ share: Double) -> String {
    fixed(share * 100, share.magnitude >= 0.9995 ? 0 : 1) + " %"
  }

  package static func points(_ difference: Double) -> String {
    (difference > 0 ? "+" : "") + fixed(difference * 100, 1) + " points"
  }

  package static func factor(_ value: Double) -> String {
    fixed(value, 2) + "×"
  }

  /// Money in the currency of the price given, with as many decimals as a small sum needs.
  package static func money(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    return value.magnitude >= 1 ? fixed(value, 2) : figures(value)
  }

  /// An interval in the unit of its number.
  package static func interval(_ estimate: Estimate, _ unit: Unit) -> String {
    "\(unit.text(estimate.low)) … \(unit.text(estimate.high))"
  }
}
