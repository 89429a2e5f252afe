/// A number with the interval that it lies in at 95 % confidence, and how many observations stand behind it.
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

  /// Wilson's interval for `successes` of `trials`.
  ///
  ///     centre = (p + z²/2n) / (1 + z²/n),  half = z/(1 + z²/n) · √(p(1−p)/n + z²/4n²)
  ///
  /// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
  /// It stays inside 0 … 1 and is honest at 0 and at 100 %, where the usual interval has no width.
  ///
  /// - Returns: 0 with the interval 0 … 1 when `trials` is 0.
  package static func proportion(_ successes: Int, of trials: Int) -> Estimate {
    precondition(successes >= 0 && successes <= trials, "\(successes) successes of \(trials)")
    guard trials > 0 else { return Estimate(value: 0, low: 0, high: 1, count: 0) }
    let count = Double(trials)
    let proportion = Double(successes) / count
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
  /// - Parameter values: at least one. Pairs are kept together by passing one value a pair: its difference or its
  ///   ratio.
  package static func bootstrap(
    _ values: [Double], seed: UInt64, resamples: Int = 2000, statistic: ([Double]) -> Double
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
    return Estimate(
      value: statistic(values), low: statistics.sortedQuantile(0.025), high: statistics.sortedQuantile(0.975),
      count: values.count)
  }

  /// The mean of paired differences with its bootstrap interval.
  package static func meanDifference(_ differences: [Double], seed: UInt64) -> Estimate {
    bootstrap(differences, seed: seed) { $0.mean }
  }

  /// The median of paired ratios with its bootstrap interval.
  package static func medianRatio(_ ratios: [Double], seed: UInt64) -> Estimate {
    bootstrap(ratios, seed: seed) { $0.median }
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

  /// `quantile` of values that are in rising order already.
  func sortedQuantile(_ fraction: Double) -> Double {
    guard let last = indices.last else { return 0 }
    let position = Swift.min(Swift.max(fraction, 0), 1) * Double(last)
    let lower = Int(position.rounded(.down))
    let upper = Swift.min(lower + 1, last)
    return self[lower] + (self[upper] - self[lower]) * (position - Double(lower))
  }
}
