internal import SpudSupport

/// A number with the interval that it lies in at 95 % confidence, and how many observations it comes from.
package struct Estimate: Codable, Sendable, Equatable {
  package var value: Double
  package var low: Double
  package var high: Double
  /// Observations: examples, runs or pairs.
  package var count: Int

  package init(value: Double, low: Double, high: Double, count: Int) {
    self.value = value
    self.low = low
    self.high = high
    self.count = count
  }

  /// A number that was counted, not sampled, and so has no spread.
  package static func exact(_ value: Double, count: Int = 1) -> Estimate {
    Estimate(value: value, low: value, high: value, count: count)
  }
}

extension Estimate {
  /// The standard normal's quantile at 97.5 %.
  static let normalQuantile = 1.959963984540054

  /// Student's t at 97.5 %, to three digits: from its table for up to four degrees of freedom, and beyond by the
  /// expansion about the normal's quantile.
  ///
  /// Source: M. Abramowitz and I. A. Stegun, "Handbook of mathematical functions", 1964, 26.7.5.
  static func studentQuantile(freedom: Int) -> Double {
    precondition(freedom > 0, "Student's t needs a degree of freedom")
    if freedom <= 4 { return [12.706, 4.303, 3.182, 2.776][freedom - 1] }
    let (n, z) = (Double(freedom), normalQuantile)
    let square = z * z
    let first = z * (square + 1) / 4
    let second = z * ((5 * square + 16) * square + 3) / 96
    let third = z * (((3 * square + 19) * square + 17) * square - 15) / 384
    return z + first / n + second / (n * n) + third / (n * n * n)
  }

  /// The number above which `tail` of a standard normal distribution lies, to 12 digits, by bisection.
  private static func quantile(tail: Double) -> Double {
    var (low, high) = (0.0, 10.0)
    while high - low > 1e-12 {
      let middle = (low + high) / 2
      if middle.normalTail > tail { low = middle } else { high = middle }
    }
    return low
  }

  /// Wilson's interval for `successes` of `trials`.
  ///
  ///     centre = (p + z²/2n) / (1 + z²/n),  half = z/(1 + z²/n) · √(p(1−p)/n + z²/4n²)
  ///
  /// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
  /// It stays inside 0 … 1 and is honest at 0 and at 100 %, where the usual interval has no width.
  ///
  /// - Returns: 0 with the interval 0 … 1 when `trials` is 0.
  ///
  /// - Parameter chances: how many such intervals were looked at before this one was chosen; the interval is widened
  ///   accordingly (Bonferroni).
  package static func proportion(_ successes: Int, of trials: Int, chances: Int = 1) -> Estimate {
    precondition(successes >= 0 && successes <= trials, "\(successes) successes of \(trials)")
    guard trials > 0 else { return Estimate(value: 0, low: 0, high: 1, count: 0) }
    let count = Double(trials)
    let proportion = Double(successes) / count
    let normalQuantile = chances > 1 ? quantile(tail: 0.025 / Double(chances)) : Self.normalQuantile
    let square = normalQuantile * normalQuantile
    let denominator = 1 + square / count
    let centre = (proportion + square / (2 * count)) / denominator
    let half =
      normalQuantile / denominator
      * (proportion * (1 - proportion) / count + square / (4 * count * count)).squareRoot()
    return Estimate(
      value: proportion, low: max(0, centre - half), high: min(1, centre + half), count: trials)
  }

  /// The bootstrap's percentile interval of a statistic of `values`, from 2,000 resamples.
  ///
  /// Source: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.
  ///
  /// - Parameters:
  ///   - values: at least one. What belongs together is one value, such as both sides of a pair.
  ///   - chances: how many such intervals were looked at before this one was chosen; the interval is widened
  ///     accordingly (Bonferroni).
  package static func bootstrap<Value>(
    _ values: [Value], seed: UInt64, resamples: Int = 2000, chances: Int = 1, statistic: ([Value]) -> Double
  ) -> Estimate {
    precondition(!values.isEmpty, "the bootstrap needs at least one value")
    var generator = SeededGenerator(seed: seed)
    var resample = values
    var statistics: [Double] = []
    statistics.reserveCapacity(resamples)
    for _ in 0..<resamples {
      for index in resample.indices {
        resample[index] = values[generator.index(below: values.count)]
      }
      statistics.append(statistic(resample))
    }
    statistics.sort()
    let tail = 0.025 / Double(max(1, chances))
    return Estimate(
      value: statistic(values), low: statistics.sortedQuantile(tail), high: statistics.sortedQuantile(1 - tail),
      count: values.count)
  }

  /// The mean of paired differences of scores, each −1 … 1, with an interval that stays honest for a handful of pairs:
  /// two imagined pairs are added, one that ties and one that is half a win and half a loss, and the usual interval is
  /// taken of all. So a few pairs that happen to agree do not make a certainty, as they would by resampling.
  ///
  /// Source: A. Agresti and Y. Min, "Simple improved confidence intervals for comparing matched proportions",
  /// Statistics in Medicine 24, 2005.
  ///
  /// - Returns: 0 with the interval −1 … 1 when there is no pair.
  package static func meanDifference(_ differences: [Double]) -> Estimate {
    guard !differences.isEmpty else { return Estimate(value: 0, low: -1, high: 1, count: 0) }
    let count = Double(differences.count) + 2
    let centre = differences.reduce(0, +) / count
    // Half a win and half a loss add 1 to the squares.
    let variance = (differences.reduce(1) { $0 + $1 * $1 }) / count - centre * centre
    let half = normalQuantile * (max(0, variance) / count).squareRoot()
    let value = differences.mean
    return Estimate(
      value: value, low: max(-1, min(value, centre - half)), high: min(1, max(value, centre + half)),
      count: differences.count)
  }

  /// The mean of a over the mean of b, pairs resampled together: what one bill is of another.
  ///
  /// - Parameter pairs: at least one; b is positive.
  package static func ratioOfMeans(_ pairs: [(Double, Double)], seed: UInt64) -> Estimate {
    bootstrap(pairs, seed: seed) { pairs in
      let sums = pairs.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
      return sums.0 / max(sums.1, 1e-300)
    }
  }

  /// The pair (a, b) whose ratio is nearest to the median of a / b: figures that show a median ratio by an example of
  /// it, which medians of each side alone do not, since they may come from different questions.
  package static func middlePair(_ pairs: [(Double, Double)]) -> (Double, Double) {
    precondition(!pairs.isEmpty, "a median needs at least one pair")
    let median = medianRatio(pairs.map { $0 / max($1, 1e-12) }).value
    return pairs.min { abs($0.0 / max($0.1, 1e-12) - median) < abs($1.0 / max($1.1, 1e-12) - median) } ?? pairs[0]
  }

  /// The median of positive ratios with the interval that the sign test gives: between two of the values in order, with
  /// no assumption but that the pairs are alike. Under six values there is no such interval, and that of the mean of
  /// their logarithms by Student's t is used instead, never wider than a factor of ten, which one value alone is given.
  ///
  /// Source: W. J. Conover, "Practical nonparametric statistics", 3rd edition, 1999, section 3.2.
  ///
  /// - Parameter ratios: at least one.
  package static func medianRatio(_ ratios: [Double]) -> Estimate {
    precondition(!ratios.isEmpty, "a median needs at least one value")
    let sorted = ratios.sorted()
    let median = sorted.sortedQuantile(0.5)
    let count = sorted.count
    guard count > 1 else { return Estimate(value: median, low: median / 10, high: median * 10, count: 1) }
    guard count >= 6 else {
      let logarithms = sorted.map { max($0, 1e-12).logarithm }
      let half = studentQuantile(freedom: count - 1) * logarithms.standardDeviation / Double(count).squareRoot()
      let (low, high) = ((logarithms.mean - half).exponential, (logarithms.mean + half).exponential)
      return Estimate(
        value: median, low: max(median / 10, min(median, low)), high: min(median * 10, max(median, high)), count: count)
    }
    // The most values that may lie outside on one side: twice the binomial tail stays below 5 %.
    // In logarithms: of more than 1,074 values the first term, 0.5 to their number, is no longer above 0.
    var term = Double(count) * 0.5.logarithm
    var tail = term.exponential
    var outside = 0
    while outside + 1 < count / 2 {
      term += (Double(count - outside) / Double(outside + 1)).logarithm
      guard 2 * (tail + term.exponential) <= 0.05 else { break }
      tail += term.exponential
      outside += 1
    }
    return Estimate(value: median, low: sorted[outside], high: sorted[count - 1 - outside], count: count)
  }

  /// The ratio of two medians or counts of different runs, when there are no pairs.
  package func divided(by other: Estimate) -> Estimate {
    Estimate(
      value: value / other.value, low: low / other.high, high: high / other.low, count: min(count, other.count))
  }
}

extension Array where Element == Double {
  /// The arithmetic mean; 0 when there is nothing.
  package var mean: Double {
    isEmpty ? 0 : reduce(0, +) / Double(count)
  }

  /// The median; 0 when there is nothing.
  ///
  /// - Complexity: O(`count` · log `count`).
  package var median: Double { quantile(0.5) }

  /// The standard deviation of a sample (n − 1); 0 for fewer than two values.
  package var standardDeviation: Double {
    guard count > 1 else { return 0 }
    let centre = mean
    return (reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(count - 1)).squareRoot()
  }

  /// The value below which `fraction` of the values lie, linear between neighbours (Hyndman and Fan's type 7, NumPy's
  /// default); 0 when there is nothing.
  ///
  /// - Complexity: O(`count` · log `count`).
  package func quantile(_ fraction: Double) -> Double {
    sorted().sortedQuantile(fraction)
  }

  /// `quantile` of values that are sorted ascending.
  func sortedQuantile(_ fraction: Double) -> Double {
    guard let last = indices.last else { return 0 }
    let position = Swift.min(Swift.max(fraction, 0), 1) * Double(last)
    let lower = Int(position.rounded(.down))
    let upper = Swift.min(lower + 1, last)
    return self[lower] + (self[upper] - self[lower]) * (position - Double(lower))
  }
}
