/// Days of the calendar in English text.
enum Days {
  private static let months = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
  ]

  /// Patterns for `like` that match an argument which names one of the days of `text`.
  static func patterns(in text: String) -> [String] {
    var patterns: [String] = []
    func add(_ pattern: String) {
      if !patterns.contains(pattern) { patterns.append(pattern) }
    }
    for match in text.matches(of: /\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b/) { add("*\(match.output)*") }
    let text = text.lowercased()
    for match in text.matches(of: /\b([a-z]+) ([0-9]{1,2})(?:st|nd|rd|th)?\b/) {
      if let pattern = pattern(month: String(match.output.1), day: String(match.output.2)) { add(pattern) }
    }
    for match in text.matches(of: /\b([0-9]{1,2})(?:st|nd|rd|th)?(?: of)? ([a-z]+)\b/) {
      if let pattern = pattern(month: String(match.output.2), day: String(match.output.1)) { add(pattern) }
    }
    return patterns
  }

  /// The year is left open: people leave it out, or mean the next of these days.
  private static func pattern(month: String, day: String) -> String? {
    guard let number = months.firstIndex(of: month) else { return nil }
    return "*-\(padded(String(number + 1)))-\(padded(day))*"
  }

  private static func padded(_ digits: String) -> String { digits.count == 1 ? "0" + digits : digits }
}
