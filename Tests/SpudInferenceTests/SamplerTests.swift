import Foundation
import SpudErrors
import Testing

@testable import SpudInference

/// Logits whose softmax is 0.5, 0.25, 0.125, 0.0625, 0.0625.
private let logits: [Float] = [0.5, 0.25, 0.125, 0.0625, 0.0625].map { Float(log($0)) }
private let all: [Range<Int32>] = [0..<5]

/// Shares of each id in `count` draws.
private func shares(_ sampling: Sampling, among allowed: [Range<Int32>] = all, count: Int = 8_000) throws -> [Double] {
  var sampler = Sampler(sampling)
  var counts = [Double](repeating: 0, count: logits.count)
  for _ in 0..<count { counts[Int(try sampler.next(logits.span, among: allowed))] += 1 }
  return counts.map { $0 / Double(count) }
}

private func expectShares(_ found: [Double], _ expected: [Double], comment: Comment? = nil) {
  for (id, pair) in zip(found, expected).enumerated() {
    // Four standard deviations of a share over 8,000 draws.
    let tolerance = 4 * (pair.1 * (1 - pair.1) / 8_000).squareRoot()
    #expect(abs(pair.0 - pair.1) <= tolerance, "id \(id): \(pair.0), expected \(pair.1)")
  }
}

@Suite("Sampler")
struct SamplerTests {
  @Test("temperature 0 takes the likeliest, of equals the lowest id")
  func greedy() throws {
    var sampler = Sampler(.greedy)
    #expect(try sampler.next([1, 3, 2].span, among: [0..<3]) == 1)
    #expect(try sampler.next([1, 3, 3].span, among: [0..<3]) == 1)
    #expect(try sampler.next([9, 3, 3, 9].span, among: [1..<3]) == 1)
    #expect(try sampler.next([9, 3, 4, 5].span, among: [1..<2, 3..<4]) == 3)
  }

  @Test("temperature 1 draws each token as often as the model predicts")
  func distribution() throws {
    expectShares(try shares(Sampling(temperature: 1, seed: 1)), [0.5, 0.25, 0.125, 0.0625, 0.0625])
  }

  @Test("temperature 0.5 squares the odds")
  func temperature() throws {
    let squares = [0.25, 0.0625, 0.015625, 0.00390625, 0.00390625]
    let total = squares.reduce(0, +)
    expectShares(try shares(Sampling(temperature: 0.5, seed: 2)), squares.map { $0 / total })
  }

  @Test("top-k leaves the k likeliest in proportion")
  func topK() throws {
    expectShares(try shares(Sampling(temperature: 1, topK: 2, seed: 3)), [2 / 3, 1 / 3, 0, 0, 0])
    // Of the two equal last ones, the lower id is kept.
    expectShares(
      try shares(Sampling(temperature: 1, topK: 4, seed: 3)), [0.5, 0.25, 0.125, 0.0625, 0].map { $0 / 0.9375 })
  }

  @Test("top-p leaves the fewest tokens that reach p, at least one")
  func topP() throws {
    expectShares(try shares(Sampling(temperature: 1, topP: 0.7, seed: 4)), [2 / 3, 1 / 3, 0, 0, 0])
    expectShares(try shares(Sampling(temperature: 1, topP: 0.01, seed: 4)), [1, 0, 0, 0, 0])
  }

  @Test("top-p after top-k is a share of what top-k left")
  func topKThenTopP() throws {
    // Of the top two, 2/3 and 1/3, the first reaches 0.6 alone.
    expectShares(try shares(Sampling(temperature: 1, topK: 2, topP: 0.6, seed: 5)), [1, 0, 0, 0, 0])
  }

  @Test("min-p leaves tokens at least p times as likely as the likeliest")
  func minP() throws {
    expectShares(try shares(Sampling(temperature: 1, minP: 0.2, seed: 6)), [4 / 7, 2 / 7, 1 / 7, 0, 0])
  }

  @Test("a token that the grammar forbids is never drawn")
  func mask() throws {
    expectShares(
      try shares(Sampling(temperature: 1, seed: 7), among: [1..<2, 3..<5]), [0, 2 / 3, 0, 1 / 6, 1 / 6])
  }

  @Test("the same seed draws the same tokens, another seed others")
  func determinism() throws {
    func draws(seed: UInt64) throws -> [Int32] {
      var sampler = Sampler(Sampling(temperature: 1, topK: 4, topP: 0.99, seed: seed))
      return try (0..<100).map { _ in try sampler.next(logits.span, among: all) }
    }
    #expect(try draws(seed: 42) == draws(seed: 42))
    #expect(try draws(seed: 42) != draws(seed: 43))
  }

  @Test("keeping all by top-p draws the same shares as keeping all")
  func largeVocabulary() throws {
    let wide = (0..<300).map { Float(sin(Double($0) * 12.9898)) * 5 }
    var sampler = Sampler(Sampling(temperature: 1, topP: 0.5, seed: 8))
    let order = wide.indices.sorted { wide[$0] != wide[$1] ? wide[$0] > wide[$1] : $0 < $1 }
    let weights = order.map { exp(Double(wide[$0])) }
    let goal = weights.reduce(0, +) * 0.5
    var reached = 0.0
    let kept = Set(
      zip(order, weights).prefix { _, weight in
        defer { reached += weight }
        return reached < goal
      }.map { Int32($0.0) })
    var drawn: Set<Int32> = []
    for _ in 0..<600 { drawn.insert(try sampler.next(wide.span, among: [0..<300])) }
    #expect(drawn.isSubset(of: kept))
    #expect(drawn.count > kept.count / 3)
  }

  @Test("logits that are not numbers are never chosen, and only such logits are an error")
  func damagedLogits() throws {
    var sampler = Sampler(.greedy)
    #expect(try sampler.next([.nan, 1, -.infinity].span, among: [0..<3]) == 1)
    for damaged: [Float] in [[.nan, .nan], [-.infinity, -.infinity], [.infinity, 0]] {
      #expect(throws: SpudError.self) { try sampler.next(damaged.span, among: [0..<2]) }
    }
  }

  @Test("the generator's sequence is that of xoshiro256++ seeded by SplitMix64")
  func generator() {
    // Written down from a separate implementation in Python: Scripts/goldens/random_generator.py.
    var generator = RandomGenerator(seed: 0)
    #expect((0..<4).map { _ in generator.next() } == RandomGolden.seed0)
    generator = RandomGenerator(seed: 42)
    #expect((0..<4).map { _ in generator.next() } == RandomGolden.seed42)
  }

  @Test("penalties and biases change logits as their authors wrote them")
  func penalties() throws {
    func chosen(_ sampling: Sampling, _ logits: [Float], prompt: [Int32] = [], draws: Int = 1) throws -> [Int32] {
      var sampler = Sampler(sampling, prompt: prompt)
      return try (0..<draws).map { _ in try sampler.next(logits.span, among: [0..<Int32(logits.count)]) }
    }
    // Positive logits are divided and negative ones multiplied, whether the id was read or written, and once only.
    #expect(try chosen(Sampling(repetitionPenalty: 2), [3, 2], prompt: [0, 0]) == [1])
    #expect(try chosen(Sampling(repetitionPenalty: 2), [-3, -5], prompt: [0]) == [1])
    #expect(try chosen(Sampling(repetitionPenalty: 2), [3, 2], draws: 3) == [0, 1, 0])
    // What was read has no penalty on presence; what was written once has the same as twice.
    #expect(try chosen(Sampling(presencePenalty: 1.5), [3, 2], prompt: [0], draws: 3) == [0, 1, 0])
    #expect(try chosen(Sampling(frequencyPenalty: 0.6), [3, 2], draws: 4) == [0, 0, 1, 0])
    #expect(try chosen(Sampling(logitBias: [1: 2, 7: 9]), [3, 2]) == [1])
  }
}
