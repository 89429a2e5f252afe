/// Cedar's `datetime`: an instant, in milliseconds since 1970-01-01 UTC.
package struct Datetime: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  private static let day: Int64 = 86_400_000

  /// Reads `2026-01-31`, or that and `T23:59:59`, optionally `.999`, and `Z` or an offset such as `+0130`. Nil for
  /// anything else, and for days and times that do not exist.
  package init?(parsing text: String) {
    var rest = Substring(text)
    guard let year = Self.number(4, from: &rest), Self.take("-", from: &rest),
      let month = Self.number(2, from: &rest), Self.take("-", from: &rest), let day = Self.number(2, from: &rest),
      let date = Self.days(year: year, month: month, day: day)
    else { return nil }
    if rest.isEmpty {
      milliseconds = date * Self.day
      return
    }
    guard Self.take("T", from: &rest), let hour = Self.number(2, from: &rest), hour < 24, Self.take(":", from: &rest),
      let minute = Self.number(2, from: &rest), minute < 60, Self.take(":", from: &rest),
      let second = Self.number(2, from: &rest), second < 60
    else { return nil }
    var time = ((hour * 60 + minute) * 60 + second) * 1000
    if Self.take(".", from: &rest) {
      guard let fraction = Self.number(3, from: &rest) else { return nil }
      time += fraction
    }
    if rest.utf8.elementsEqual("Z".utf8) {
      milliseconds = date * Self.day + time
      return
    }
    // Local time east of Greenwich is ahead of UTC, so what is added there is taken off here.
    let sign: Int64 = Self.take("+", from: &rest) ? -1 : 1
    guard sign < 0 || Self.take("-", from: &rest), let hours = Self.number(2, from: &rest), hours < 24,
      let minutes = Self.number(2, from: &rest), minutes < 60, rest.isEmpty
    else { return nil }
    milliseconds = date * Self.day + time + sign * (hours * 60 + minutes) * 60_000
  }

  package static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }

  /// Nil on overflow, here and below.
  package func adding(_ span: TimeSpan) -> Datetime? {
    let (sum, overflow) = milliseconds.addingReportingOverflow(span.milliseconds)
    return overflow ? nil : Datetime(milliseconds: sum)
  }

  package func since(_ other: Datetime) -> TimeSpan? {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
    return overflow ? nil : TimeSpan(milliseconds: difference)
  }

  /// The time since the last midnight, 0 or more.
  package var timeOfDay: TimeSpan {
    let remainder = milliseconds % Self.day
    return TimeSpan(milliseconds: remainder < 0 ? remainder + Self.day : remainder)
  }

  /// The last midnight.
  package var date: Datetime? {
    let (midnight, overflow) = milliseconds.subtractingReportingOverflow(timeOfDay.milliseconds)
    return overflow ? nil : Datetime(milliseconds: midnight)
  }

  /// Days from 1970-01-01 to a day of the Gregorian calendar, which is extended back to the year 0.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...12).contains(month), day >= 1, day <= lengths[Int(month) - 1] else { return nil }
    // Leap days up to the end of the year before; the year 0 is one itself.
    let past = year == 0 ? 0 : year - 1
    let leapDays = year == 0 ? 0 : past / 4 - past / 100 + past / 400 + 1
    return year * 365 + leapDays - 719_528 + lengths[..<(Int(month) - 1)].reduce(0, +) + day - 1
  }

  /// Takes exactly `count` digits.
  private static func number(_ count: Int, from text: inout Substring) -> Int64? {
    guard let value = Digits.value(of: text.prefix(count)), text.prefix(count).utf8.count == count else { return nil }
    text = text.dropFirst(count)
    return value
  }

  private static func take(_ character: Character, from text: inout Substring) -> Bool {
    guard text.first == character else { return false }
    text = text.dropFirst()
    return true
  }
}
