/// How often something succeeded, with how sure that is.
package struct SuccessRate: Sendable {
  package var successes = 0
  package var trials = 0

  package init(successes: Int = 0, trials: Int = 0) {
    self.successes = successes
    self.trials = trials
  }

  package var share: Double { trials > 0 ? Double(successes) / Double(trials) : 0 }

  /// Wilson's interval of 95 %.
  ///
  /// Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
  package var interval: ClosedRange<Double> {
    guard trials > 0 else { return 0...1 }
    let (n, p, z) = (Double(trials), share, 1.959_964)
    let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }

  /// The mean of several, each counted alike, and the half width of its interval of 95 %.
  package static func mean(_ rates: [SuccessRate]) -> (mean: Double, half: Double) {
    guard !rates.isEmpty else { return (0, 0) }
    let count = Double(rates.count)
    let variance = rates.reduce(0) { $0 + $1.share * (1 - $1.share) / Double(max(1, $1.trials)) }
    return (rates.reduce(0) { $0 + $1.share } / count, 1.959_964 * variance.squareRoot() / count)
  }
}
