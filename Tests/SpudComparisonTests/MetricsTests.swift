import Testing

@testable import SpudComparison

@Suite("Metrics come out as computed by hand")
struct MetricsTests {
  @Test("edit distances", arguments: [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0)])
  func editDistance(first: String, second: String, distance: Int) {
    #expect(TextMetrics.editDistance(Array(first), Array(second)) == distance)
    #expect(TextMetrics.editDistance(Array(second), Array(first)) == distance)
  }

  @Test("error rates count edits against what was expected")
  func errorRates() {
    #expect(TextMetrics.characterErrors("hallo", expected: "hello").rate == 0.2)
    #expect(TextMetrics.characterErrors("A b 3", expected: "AB3") == ErrorCount(edits: 1, length: 3))
    #expect(TextMetrics.wordErrors("two red stars here", expected: "three red stars").edits == 2)
    #expect(TextMetrics.wordErrors("", expected: "one two").rate == 1)
    #expect(ErrorCount(edits: 0, length: 0).rate == 0)
    #expect(ErrorCount(edits: 2, length: 0).rate == 1)
  }

  @Test("answers are compared without case, spacing and the marks around words, but with their signs")
  func normalization() {
    #expect(TextMetrics.matches("  Top   LEFT. ", accept: ["top left"]))
    #expect(TextMetrics.matches("“-5”", accept: ["-5"]))
    #expect(!TextMetrics.matches("5", accept: ["-5"]))
    #expect(!TextMetrics.matches("red circle", accept: ["red"]))
    #expect(TextMetrics.contains("a big red circle", anyOf: ["red"]))
    #expect(!TextMetrics.contains("a reddish circle", anyOf: ["red"]))
    #expect(TextMetrics.recall(of: "a red ring; a blue star", in: "a red star") == 0.6)
  }

  @Test("quantiles are linear between neighbours, as NumPy's default is")
  func quantiles() {
    let values = [4.0, 1, 3, 2]
    #expect(values.median == 2.5)
    #expect(values.quantile(0) == 1)
    #expect(values.quantile(1) == 4)
    #expect(abs(values.quantile(0.95) - 3.85) < 1e-12)
    #expect([Double]().median == 0)
    #expect([7.0].quantile(0.99) == 7)
  }

  // The interval of 81 of 263 is the worked example of Newcombe, Statistics in Medicine 17, 1998, table I: 0.2553,
  // 0.3662.
  @Test("Wilson's interval agrees with published values")
  func wilson() {
    let estimate = Estimate.proportion(81, of: 263)
    #expect(abs(estimate.low - 0.2553) < 5e-5)
    #expect(abs(estimate.high - 0.3662) < 5e-5)
    let none = Estimate.proportion(0, of: 20)
    #expect(none.low == 0 && abs(none.high - 0.1611) < 5e-5)
    #expect(Estimate.proportion(0, of: 0).high == 1)
  }

  @Test("the bootstrap gives the same interval for the same seed, and it holds the mean")
  func bootstrap() {
    let values = (0..<40).map { Double($0 % 7) }
    let first = Estimate.bootstrap(values, seed: 3) { $0.mean }
    #expect(first == Estimate.bootstrap(values, seed: 3) { $0.mean })
    #expect(first.low < values.mean && values.mean < first.high)
    // The standard error of the mean is 2.0 / √40 = 0.32: the interval is near ± 0.62.
    #expect(abs((first.high - first.low) / 2 - 0.62) < 0.08)
    // Chosen among five: ± 2.576 · 0.32 = 0.82.
    let chosen = Estimate.bootstrap(values, seed: 3, chances: 5) { $0.mean }
    #expect(abs((chosen.high - chosen.low) / 2 - 0.82) < 0.12)
  }

  @Test("paired differences of a handful keep a wide interval, by hand")
  func pairedDifferences() {
    // Six wins: the centre is 6 / 8, the variance (6 + 1) / 8 − 0.5625, the half width 1.96 · √(0.3125 / 8).
    let six = Estimate.meanDifference([1, 1, 1, 1, 1, 1])
    #expect(six.value == 1 && six.high == 1 && abs(six.low - (0.75 - 1.959964 * 0.197642)) < 1e-5)
    // 144 wins and 86 losses of 1,144 pairs: 58 / 1144 ± 1.96 · √(230) / 1144, and a little more.
    let table = Array(repeating: 1.0, count: 144) + Array(repeating: -1, count: 86) + Array(repeating: 0, count: 914)
    let large = Estimate.meanDifference(table)
    #expect(abs(large.value - 58.0 / 1144) < 1e-12 && abs(large.low - 0.0248) < 2e-3 && abs(large.high - 0.0766) < 2e-3)
    #expect(Estimate.meanDifference([]) == Estimate(value: 0, low: -1, high: 1, count: 0))
  }

  @Test("medians keep the sign test's interval, by its table")
  func medians() {
    // Between the k-th value from each end, k = 1 for 6 to 8 values, 2 for 9 to 11, 6 for 20: the usual table.
    for (count, place) in [(6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (20, 6), (40, 14)] {
      let estimate = Estimate.medianRatio((1...count).map(Double.init).shuffled())
      #expect(estimate.low == Double(place) && estimate.high == Double(count + 1 - place), "\(count)")
    }
    // 2,000 values: the normal approximation puts the ends 0.98 · √2000 = 44 places from the middle.
    for count in [1000, 2000, 5000] {
      let many = Estimate.medianRatio((1...count).map(Double.init))
      let half = 0.98 * Double(count).squareRoot()
      #expect(abs(many.low - (Double(count) / 2 - half)) < 2, "\(count)")
      #expect(abs(many.high - (Double(count) / 2 + half + 1)) < 2, "\(count)")
    }
    let three = Estimate.medianRatio([0.5, 0.6, 0.7])
    #expect(three.value == 0.6 && three.low < 0.5 && three.high > 0.7)
    #expect(Estimate.medianRatio([2]) == Estimate(value: 2, low: 0.2, high: 20, count: 1))
  }

  @Test("an interval chosen among several is wider")
  func chosenIntervals() {
    let one = Estimate.proportion(20, of: 60)
    let five = Estimate.proportion(20, of: 60, chances: 5)
    // Bonferroni for five: z = 2.5758.
    #expect(five.low < one.low && five.high > one.high)
    let square = 2.575829 * 2.575829
    let half = 2.575829 / (1 + square / 60) * (20.0 / 60 * (40.0 / 60) / 60 + square / 14400).squareRoot()
    #expect(abs((five.high - five.low) / 2 - half) < 1e-6)
  }

  @Test("a curve is read between its points and never beyond them")
  func interpolation() throws {
    // loss = 8 / cost: at a loss of 2 the cost is 4, half-way in the logarithms.
    let points = [(x: 2.0, y: 4.0), (x: 8.0, y: 1.0)]
    let cost = try #require(Interpolation.solve(for: 2, in: points))
    #expect(abs(cost - 4) < 1e-12)
    #expect(Interpolation.solve(for: 5, in: points) == nil)
    #expect(Interpolation.solve(for: 0.5, in: points) == nil)
  }

  @Test("loss curves are read from CSV, and what is missing is named")
  func lossCurve() throws {
    let curve = try LossCurve(csv: "step,tokens,loss\n1,100,4.0\n2,200,2.0\n3,300,oops\n", name: "run.csv")
    #expect(curve.points == [.init(tokens: 100, loss: 4), .init(tokens: 200, loss: 2)])
    #expect(curve.finalLoss(over: 0.5) == 2)
    #expect(curve.cut(at: 150).points == [.init(tokens: 100, loss: 4), .init(tokens: 150, loss: 3)])
    #expect(curve.cut(at: 500) == curve)
    #expect(throws: (any Error).self) { try LossCurve(csv: "a,b\n1,2\n", name: "run.csv") }
  }

  @Test("numbers are written as people read them")
  func formats() {
    #expect(Format.seconds(0.001234) == "1.23 ms")
    #expect(Format.seconds(0.0000021) == "2.10 µs")
    #expect(Format.percent(0.9) == "90.0 %")
    #expect(Format.percent(1) == "100 %")
    #expect(Format.points(-0.0314) == "−3.1 points")
    #expect(Format.number(10_900_000) == "10.9 M")
    #expect(Format.grouped(1_234_567) == "1,234,567")
    #expect(Format.trimmed("0.700 ms") == "0.7 ms" && Format.trimmed("100 %") == "100 %")
    #expect(Format.fixed(.nan, 2) == "–" && Format.number(.infinity) == "–")
  }

  @Test("a ratio of means is one of sums, not a mean of ratios, and pairs stay together")
  func ratioOfMeans() {
    let pairs = [(1.0, 2.0), (30, 10), (5, 5), (4, 8), (2, 1), (6, 6)]
    let ratio = Estimate.ratioOfMeans(pairs, seed: 3)
    #expect(ratio.value == 48.0 / 32)
    #expect(ratio.low < 1.5 && ratio.high > 1.5 && ratio.count == 6)
    let proportional = Estimate.ratioOfMeans(pairs.map { ($0.0, 2 * $0.0) }, seed: 3)
    #expect(proportional == Estimate(value: 0.5, low: 0.5, high: 0.5, count: 6))
  }

  @Test("the middle pair is the one whose ratio is the median, not the two medians")
  func middlePair() {
    let pair = Estimate.middlePair([(1, 2), (4, 5), (60, 20)])
    #expect(pair == (4, 5))
    #expect(Estimate.middlePair([(10, 5), (1, 10), (6, 8)]) == (6, 8))
  }
}
