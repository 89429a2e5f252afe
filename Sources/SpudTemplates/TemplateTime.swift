internal import Foundation
internal import SpudErrors

/// A moment in local time, which `strftime_now` spells.
package struct TemplateTime: Sendable {
  package var year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int
  /// From 0, Monday.
  package var weekday: Int

  package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
    // Sakamoto's method: March is the first month of a year, so that a leap day is its last.
    let shifted = month < 3 ? year - 1 : year
    let offsets = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let offset = (1...12).contains(month) ? offsets[month - 1] : 0
    weekday = ((shifted + shifted / 4 - shifted / 100 + shifted / 400 + offset + day) % 7 + 6) % 7
  }

  /// The time that the machine's clock shows.
  package static var now: TemplateTime {
    let parts = Calendar(identifier: .gregorian).dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: Date())
    return TemplateTime(
      year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1, hour: parts.hour ?? 0,
      minute: parts.minute ?? 0, second: parts.second ?? 0)
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

  /// The time as a format of C's `strftime` asks, in English.
  func formatted(_ format: String) throws -> String {
    var result = "", rest = format[...]
    while let next = rest.popFirst() {
      guard next == "%" else {
        result.append(next)
        continue
      }
      var pads = true
      if rest.first == "-" {
        pads = false
        rest.removeFirst()
      }
      guard let field = rest.popFirst() else { throw SpudError(.badData, "the format of a time ends with '%'") }
      func number(_ value: Int, _ width: Int = 2) -> String {
        let digits = String(value)
        return (pads ? String(repeating: "0", count: max(0, width - digits.count)) : "") + digits
      }
      switch field {
      case "d": result += number(day)
      case "m": result += number(month)
      case "Y": result += number(year, 4)
      case "y": result += number(year % 100)
      case "H": result += number(hour)
      case "I": result += number((hour + 11) % 12 + 1)
      case "M": result += number(minute)
      case "S": result += number(second)
      case "p": result += hour < 12 ? "AM" : "PM"
      case "j": result += number(dayOfYear, 3)
      case "B": result += Self.months[(month - 1) % 12]
      case "b", "h": result += Self.months[(month - 1) % 12].prefix(3)
      case "A": result += Self.days[weekday]
      case "a": result += Self.days[weekday].prefix(3)
      case "F": result += "\(number(year, 4))-\(number(month))-\(number(day))"
      case "T": result += "\(number(hour)):\(number(minute)):\(number(second))"
      case "%": result += "%"
      default: throw SpudError(.badData, "the format of a time has the field '%\(field)', which is not supported")
      }
    }
    return result
  }

  private var dayOfYear: Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return lengths.prefix(max(0, month - 1)).reduce(0, +) + day
  }
}
