import Foundation
import SpudComparison
import SpudPipeline
import Testing

/// A sample of every skill, by the model of the repository: a broken tokenizer, codec or kernel shows here.
@Suite("The trained model's skills")
struct TrainedSkillTests {
  /// What Models/spud-nano reaches on the whole of Benchmarks/suites/world, by its card: shares, and errors where the
  /// skill is measured by them. Where that is short of the bar, the sample is held against it instead of the bar.
  private static let reached: [String: Double] = [
    "see": 0.992,
    "count and relate": 0.944,
    "read": 0.046,
    "handwriting": 0.962,
    "hear": 0.058,
    "tones": 1.000,
    "see and hear": 0.954,
    "watch": 0.992,
    "watch and hear": 0.954,
    "reason": 0.998,
    "reason, no thought": 0.054,
    "draw": 0.964,
    "speak": 0.973,
    "describe: objects": 0.997,
    "describe: words": 0.943,
  ]

  private static let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent()
  }

  @Test("a sample of each skill is as good as its bar, or as the card says, but for chance")
  func sample() async throws {
    let out = FileManager.default.temporaryDirectory.appendingPathComponent("skills-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: out) }
    let models = Self.root.appendingPathComponent("Models").path
    let (specifications, _) = try SystemSpecification.resolve(
      "unified", unified: models + "/spud-nano", directory: models)
    let systems = try await ModelRegistry(threads: 2).systems(specifications)
    let comparison = Comparison(
      suite: try Suite.load(path: Self.root.appendingPathComponent("Benchmarks/suites/world").path),
      directory: out.path,
      extent: .init(perSkill: 24, timedPerKind: 0, repetitions: 0, budget: 1200), isQuick: false, seed: 7,
      pricePerCoreHour: 0.05, controls: [])
    let (report, _) = try await comparison.run(systems: systems, probes: [], fingerprint: "sample")
    #expect(Set(report.tasks.map(\.skill)) == Set(Skill.world.map(\.name)))
    for result in report.tasks {
      let reached = try #require(Self.reached[result.skill], "\(result.skill) is not in the table")
      // A share: three standard deviations of a sample of this size. An error rate: the lower end of the sample's
      // interval, for a few recordings make most of the errors.
      let count = Double(result.value.count)
      if result.metric.isError {
        #expect(result.value.low <= max(result.bar ?? 0, reached) + 0.02, "\(result.skill)")
      } else {
        let expected = min(result.bar ?? 1, reached)
        let spread = 3 * (expected * (1 - expected) / count).squareRoot() + 0.02
        #expect(result.value.value >= expected - spread, "\(result.skill)")
      }
    }
  }
}
