/// What a page said each time that it refused a form.
///
/// A page that fails now and then says so in the place of what really stands in the way: that is what it says again and
/// again.
struct Refusals {
  /// How often the same reason is enough, and how many of any.
  private static let same = 3, any = 6

  private var reasons: [String] = []

  var isEmpty: Bool { reasons.isEmpty }

  mutating func add(_ reason: String) { reasons.append(reason) }

  /// The reason that no further attempt will do away with; nil where one may.
  var lasting: String? {
    let counts = reasons.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    // Of those that came equally often, the first.
    guard let most = counts.values.max(), most >= Self.same || reasons.count >= Self.any else { return nil }
    return reasons.first { counts[$0] == most }
  }
}
