import SpudModels
import SpudTokens
import Testing

@testable import SpudInference

@Suite("Guessing from what repeats")
struct SpeculationTests {
  @Test("what followed the same ids before is guessed, by the longest match, and periods go on")
  func guesses() {
    var index = SuffixIndex()
    index.append([1, 2, 3, 4, 5, 9, 2, 3, 4, 6, 7, 1, 2, 3, 4])
    // Three ids match at two places; the older one matches four.
    #expect(index.guess(limit: 3) == SuffixIndex.Guess(ids: [5, 9, 2], matchLength: 4))
    #expect(index.guess(limit: 0).ids.isEmpty)
    index.append([8])
    #expect(index.guess(limit: 3).ids.isEmpty)
    var period = SuffixIndex()
    period.append([7, 8, 7, 8, 7, 8])
    #expect(period.guess(limit: 5).ids == [7, 8, 7, 8, 7])
    var same = SuffixIndex()
    same.append([4, 4, 4, 4])
    #expect(same.guess(limit: 3).ids == [4, 4, 4])
    var short = SuffixIndex()
    short.append([1, 1])
    #expect(short.guess(limit: 3).ids.isEmpty)
  }

  @Test("guesses are checked where they pay and left where they fail")
  func control() async throws {
    let model = try await TinyModel.unified.value
    var speculation = Speculation(costs: model.costs)
    let guess = SuffixIndex.Guess(ids: [Int32](repeating: 1, count: 16), matchLength: 20)
    // A step of many ids as cheap as one: more are checked the more often they are right.
    for count in 1...17 { speculation.note(ids: count, took: .milliseconds(10)) }
    let first = speculation.count(guess)
    for _ in 0..<20 { speculation.note(guess, checked: 16, accepted: 16) }
    #expect(first > 2 && speculation.count(guess) == 16)
    for _ in 0..<60 { speculation.note(guess, checked: 1, accepted: 0) }
    let failing = (0..<480).map { _ in speculation.count(guess) }
    #expect(failing.reduce(0, +) <= 10)
    // Right, but each as dear as a step of its own: nothing is gained.
    for _ in 0..<60 { for count in 1...17 { speculation.note(ids: count, took: .milliseconds(10 * count)) } }
    for _ in 0..<20 { speculation.note(guess, checked: 16, accepted: 16) }
    #expect((0..<96).map { _ in speculation.count(guess) }.reduce(0, +) <= 2)
  }

  @Test("an answer is the same with guesses and without, however its ids are chosen")
  func exact() async throws {
    // One that has not measured yet what guesses cost it, so that it tries some.
    let model = try await Model.load(TinyModel.directory, options: LoadOptions(threads: 1))
    let repeating = [StreamPart.text(String(repeating: "the first 12 ", count: 8))]
    var guessed = 0
    for (seed, temperature) in [(1, 0), (2, 0.3), (3, 1), (4, 1.5)] as [(UInt64, Float)] {
      var options = TinyModel.options(seed: seed, tokens: 90, output: .text, thinking: 0, temperature: temperature)
      let guessing = try await model.makeIsolatedSession().respond(to: repeating, options: options).answer()
      options.speculates = false
      let plain = try await model.makeIsolatedSession().respond(to: repeating, options: options).answer()
      #expect(guessing.tokens == plain.tokens && plain.timings.guessedTokens == 0)
      guessed += guessing.timings.guessedTokens
    }
    #expect(guessed > 0)
  }
}
