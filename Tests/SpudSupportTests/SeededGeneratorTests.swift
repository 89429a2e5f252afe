import SpudSupport
import Testing

@Suite("Repeatable random numbers")
struct SeededGeneratorTests {
  @Test("the sequence is that of SplitMix64")
  func sequence() {
    // The first outputs for the seed 1234567, as widely published for the reference implementation.
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(
      (0..<3).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }

  @Test("indices and fractions stay in their ranges and reach all of them")
  func ranges() {
    var generator = SeededGenerator(seed: 2)
    #expect(Set((0..<200).map { _ in generator.index(below: 5) }) == [0, 1, 2, 3, 4])
    let fractions = (0..<1000).map { _ in generator.fraction() }
    #expect(fractions.allSatisfy { (0..<1).contains($0) } && abs(fractions.reduce(0, +) / 1000 - 0.5) < 0.05)
  }
}
