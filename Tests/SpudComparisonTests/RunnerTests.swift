import Foundation
import SpudErrors
import SpudInference
import SpudPipeline
import SpudTokens
import Synchronization
import Testing

@testable import SpudComparison

@Suite("A run")
struct RunnerTests {
  /// A folder of its own for each test, taken away at the end.
  final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(path: "spud-compare-\(UUID().uuidString)").path

    deinit {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  static let suite = Suite(
    name: "made up",
    examples: (0..<8).map { number in
      Example(
        id: "see-\(number)", skill: "see", task: number % 2 == 0 ? "colour" : "shape",
        turns: [PromptTurn(.user, [.image(path: "picture-\(number).png"), .text("question \(number)?")])],
        answer: number % 2 == 0 ? "red" : "star", imageDescriptions: ["a red star"])
    })

  /// The unified model knows everything and takes 2 s; the pipeline takes 5 s, its vision module sees colours only.
  static func systems(_ clock: ScriptedClock) -> [SystemUnderTest] {
    let unified = ScriptedResponder(clock: clock, prefill: 1.5, decode: 0.5) { question in
      question.words.contains { "02468".contains($0) } ? "red" : "star"
    }
    let vision = ScriptedResponder(clock: clock, prefill: 1, decode: 3) { _ in "something red" }
    let language = ScriptedResponder(clock: clock, prefill: 0.5, decode: 0.5) { question in
      question.words.contains { "02468".contains($0) } ? "red" : question.words.contains("star") ? "star" : "unknown"
    }
    let pipeline = Pipeline(
      vision: vision, hearing: vision, language: language, prompts: PipelinePrompts(), media: MediaStore(),
      isParallel: false, stopwatch: clock.stopwatch)
    return [
      SystemUnderTest(card: SampleEvidence.unified, responder: unified),
      SystemUnderTest(card: SampleEvidence.shared, responder: pipeline, language: language),
    ]
  }

  static func run(
    _ folder: Folder, extent: Runner.Extent = .init(perSkill: 8, timedPerKind: 2, repetitions: 1, budget: 1e9),
    clock: ScriptedClock = ScriptedClock(), systems: [SystemUnderTest]? = nil, probes: [Probe] = []
  ) async throws -> (records: [Record], outcome: Runner.Outcome, resumed: Int) {
    let journal = try Journal(directory: folder.path, settings: "test")
    let runner = Runner(
      suite: suite, systems: systems ?? Self.systems(clock), probes: probes, judge: Judge(), journal: journal,
      extent: extent, seed: 5, stopwatch: clock.stopwatch)
    let outcome = try await runner.run()
    return (journal.records, outcome, journal.resumedCount)
  }

  @Test("with a scripted clock and models of known answers, the claims come out as computed by hand")
  func byHand() async throws {
    let folder = Folder()
    let records = try await Self.run(folder).records
    let evidence = Evidence(systems: [SampleEvidence.unified, SampleEvidence.shared], records: records, seed: 1)

    let latency = LatencyClaim.evaluate(evidence)
    #expect(latency.measured?.value == 2)
    #expect(latency.baseline?.value == 5)
    #expect(latency.ratio?.value == 0.4)
    // A second question costs the pipeline 1 s, for it keeps its description, and the unified model 2 s.
    let second = LatencyClaim.cells(evidence, unified: SampleEvidence.unified).filter { $0.isSecond && $0.isLast }
    #expect(second.map(\.ratio.value) == [2])
    #expect(latency.verdict == .holdsInPart)

    let nuance = NuanceClaim.evaluate(evidence)
    #expect(nuance.measured?.value == 1)
    #expect(nuance.baseline?.value == 0.5)
    // All four lost answers asked for a shape, which the descriptions lacked and the true ones have.
    #expect(nuance.finding.contains("was wrong or silent in 4 and the language module missed it in 0"))
    #expect(nuance.finding.contains("the unified model lost 0 that the pipeline had"))

    let price = PriceClaim.evaluate(evidence)
    // 2 s on 2 cores at 0.05 an hour, a thousand times.
    #expect(abs((price.measured?.value ?? 0) - 2 * 2 * 0.05 / 3600 * 1000) < 1e-12)
    #expect(abs((price.ratio?.value ?? 0) - 0.4) < 1e-12)

    let skill = try #require(SkillResult.all(evidence).first { $0.system == "pipeline-shared" })
    #expect(skill.value == .proportion(4, of: 8))
    #expect(skill.isCleared == false)
  }

  @Test("systems take turns, A B then B A, each starting cold")
  func interleaves() async throws {
    let folder = Folder()
    let records = try await Self.run(folder).records
    func systems(_ mode: AnswerRecord.Mode) -> [String] {
      records.compactMap { record in
        if case .answer(let answer) = record, answer.mode == mode { answer.system } else { nil }
      }
    }
    #expect(systems(.timed) == ["unified", "pipeline-shared", "pipeline-shared", "unified"])
    // Two questions a round and skill, then the next system.
    #expect(
      systems(.question).prefix(6) == [
        "unified", "unified", "pipeline-shared", "pipeline-shared", "pipeline-shared", "pipeline-shared",
      ])
  }

  @Test("a system is asked once before its time is taken, and is cold again when it is")
  func warmsUp() async throws {
    let clock = ScriptedClock()
    let unified = ScriptedResponder(clock: clock, prefill: 1, decode: 1) { _ in "red" }
    let records = try await Self.run(
      Folder(), clock: clock, systems: [SystemUnderTest(card: SampleEvidence.unified, responder: unified)]
    ).records
    // Eight questions; two of them timed twice, as the first and as the second question, each asked once before.
    #expect(unified.asked.withLock { $0.count } == 16)
    // Around each round of questions, before each of four timed requests, and between the two of a first question.
    #expect(unified.forgotten.withLock { $0 } == 14)
    #expect(records.count == 8 + 4)
  }

  @Test("a second question is the next of its skill that asks something else")
  func secondQuestions() {
    func example(_ id: String, _ skill: String, _ question: String) -> Example {
      Example(
        id: id, skill: skill, task: "", turns: [PromptTurn(.user, [.image(path: id), .text(question)])], answer: "")
    }
    let runner = try? Runner(
      suite: Suite(
        name: "made up",
        examples: [
          example("a", "see", "what colour?"), example("b", "see", "what colour?"), example("c", "see", "what shape?"),
          example("d", "relate", "how many?"),
        ]),
      systems: [], judge: Judge(), journal: Journal(directory: Folder().path, settings: ""),
      extent: .init(perSkill: 9, timedPerKind: 1, repetitions: 1, budget: 1), seed: 1)
    let seconds = runner.map { runner in
      Dictionary(uniqueKeysWithValues: runner.examples.map { ($0.id, runner.followUp($0).last?.parts.last) })
    }
    #expect(seconds?["a"] == .text("what shape?"))
    #expect(seconds?["b"] == .text("what shape?"))
    #expect(seconds?["c"] == .text("what colour?"))
    // Alone of its skill: another's of its kind.
    #expect(seconds?["d"] != .text("how many?") && seconds?["d"] != nil)
  }

  @Test("two runs with one seed give the same answers to the same questions")
  func isReproducible() async throws {
    let (first, second) = (Folder(), Folder())
    let one = try await Self.run(first).records
    let other = try await Self.run(second).records
    #expect(one == other)
  }

  @Test("an interrupted run goes on where it stopped, and loses nothing that was measured")
  func resumes() async throws {
    let (folder, whole) = (Folder(), Folder())
    let complete = try await Self.run(whole).records
    let short = try await Self.run(folder, extent: .init(perSkill: 8, timedPerKind: 2, repetitions: 1, budget: 20))
    #expect(!short.outcome.isComplete)
    #expect(short.outcome.remarks.first?.contains("was up after") == true)
    #expect(!short.records.isEmpty && short.records.count < complete.count)
    // A line that was cut short by the interruption is dropped, and only that one.
    let path = folder.path + "/journal.jsonl"
    let bytes = try #require(FileManager.default.contents(atPath: path))
    try (bytes + Data("{\"kind\":\"answer\",\"rec".utf8)).write(to: URL(fileURLWithPath: path))
    let resumed = try await Self.run(folder)
    #expect(resumed.resumed == short.records.count)
    #expect(Array(resumed.records.prefix(short.records.count)) == short.records)
    #expect(Set(resumed.records.map(\.key)) == Set(complete.map(\.key)))
    #expect(resumed.outcome == Runner.Outcome(isComplete: true, remarks: []))
  }

  @Test("a whole comparison that its budget stopped writes its report and goes on when it is begun again")
  func budgetIsNoEnd() async throws {
    let folder = Folder()
    func compare(budget: Double) async throws -> (report: Report, resumed: Int) {
      let clock = ScriptedClock()
      let comparison = Comparison(
        suite: Self.suite, directory: folder.path,
        extent: .init(perSkill: 8, timedPerKind: 2, repetitions: 1, budget: budget), isQuick: true, seed: 5,
        pricePerCoreHour: 0.05, controls: [], remarks: ["A remark of before."])
      let resumed = Mutex(0)
      let (report, files) = try await comparison.run(
        systems: Self.systems(clock), probes: [], fingerprint: "", stopwatch: clock.stopwatch,
        resumed: { count in resumed.withLock { $0 = count } })
      #expect(files.count == 3 && files.allSatisfy { FileManager.default.fileExists(atPath: $0) })
      return (report, resumed.withLock { $0 })
    }
    let first = try await compare(budget: 30)
    #expect(first.resumed == 0)
    #expect(first.report.setting.remarks.first == "A remark of before.")
    #expect(first.report.setting.remarks.contains { $0.contains("goes on where this run stopped") })
    let second = try await compare(budget: 30)
    #expect(second.resumed > 0)
    let third = try await compare(budget: 1e9)
    #expect(third.resumed > second.resumed)
    #expect(!third.report.setting.remarks.contains { $0.contains("goes on where") })
    // Only now is the run done: the next one measures again.
    #expect(try await compare(budget: 30).resumed == 0)
  }

  @Test("true descriptions are asked about in every round, before the time can be up")
  func tellsTruthEarly() async throws {
    let folder = Folder()
    let short = try await Self.run(folder, extent: .init(perSkill: 8, timedPerKind: 2, repetitions: 1, budget: 30))
    let answers = short.records.compactMap { record in
      if case .answer(let answer) = record, answer.system == "pipeline-shared" { answer } else { nil }
    }
    let asked = Set(answers.filter { $0.mode == .question }.map(\.example))
    #expect(!asked.isEmpty && !short.outcome.isComplete)
    #expect(Set(answers.filter { $0.mode == .toldTruth }.map(\.example)) == asked)
  }

  @Test("a system with the models of another is timed, but not asked again")
  func answersLike() async throws {
    let folder = Folder()
    let clock = ScriptedClock()
    var systems = Self.systems(clock)
    var parallel = systems[1]
    parallel.card.id = "pipeline-parallel"
    parallel.answersLike = "pipeline-shared"
    systems.append(parallel)
    let modes = try await Self.run(folder, clock: clock, systems: systems).records.compactMap { record in
      if case .answer(let answer) = record, answer.system == "pipeline-parallel" { answer.mode } else { nil }
    }
    #expect(Set(modes) == [.timed, .second])
  }

  @Test("a finished journal, or one of other settings, is set aside, not overwritten")
  func setsAside() throws {
    let folder = Folder()
    let journal = try Journal(directory: folder.path, settings: "one")
    try journal.append(SampleEvidence.stream)
    try journal.append(SampleEvidence.stream)
    #expect(journal.records.count == 1)
    #expect(try Journal(directory: folder.path, settings: "one").resumedCount == 1)
    #expect(try Journal(directory: folder.path, settings: "two").resumedCount == 0)
    #expect(FileManager.default.fileExists(atPath: folder.path + "/journal.jsonl.1"))
    try Journal(directory: folder.path, settings: "two").finish()
    #expect(try Journal(directory: folder.path, settings: "two").resumedCount == 0)
    #expect(FileManager.default.fileExists(atPath: folder.path + "/journal.jsonl.2"))
  }

  @Test("measurements that cannot stand together have settings apart; a longer budget is no other setting")
  func settings() {
    func settings(
      quick: Bool = false, budget: Double = 1, instructionSet: String = "avx2",
      _ change: (inout SystemUnderTest) -> Void = { _ in }
    ) -> String {
      var systems = Self.systems(ScriptedClock())
      change(&systems[1])
      return Comparison(
        suite: Self.suite, directory: "", extent: .init(perSkill: 8, timedPerKind: 2, repetitions: 1, budget: budget),
        isQuick: quick, seed: 5, pricePerCoreHour: 0.05, controls: []
      ).settings(systems: systems, fingerprint: "models", instructionSet: instructionSet)
    }
    let usual = settings()
    #expect(usual == settings(budget: 2))
    let others = [
      settings(quick: true), settings(instructionSet: "avx512"), settings { $0.card.cores = 1 },
      settings { $0.prompts.describeImage = "what is there?" }, settings { $0.prompts.describeSound = "what is said?" },
    ]
    #expect(Set(others + [usual]).count == 6)
  }

  @Test("every kind of measurement survives the journal")
  func roundTrip() throws {
    let folder = Folder()
    let journal = try Journal(directory: folder.path, settings: "all")
    let records = SampleEvidence.records()
    for record in records { try journal.append(record) }
    let read = try Journal(directory: folder.path, settings: "all").records
    #expect(read.count == Set(records.map(\.key)).count)
    #expect(read == journal.records)
  }

  @Test("probes are measured once")
  func probes() async throws {
    let folder = Folder()
    let count = Mutex(0)
    let probe = Probe(title: "probe", keys: [SampleEvidence.stream.key]) { journal in
      count.withLock { $0 += 1 }
      try journal.append(SampleEvidence.stream)
    }
    _ = try await Self.run(folder, probes: [probe])
    _ = try await Self.run(folder, probes: [probe])
    #expect(count.withLock { $0 } == 1)
  }
}
