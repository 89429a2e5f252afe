package import SpudPipeline
internal import SpudErrors

/// Asks every system every question, in turn, and keeps what comes back in the journal.
package struct Runner: Sendable {
  /// How much is measured.
  package struct Extent: Sendable, Equatable {
    /// Questions of each skill.
    package var perSkill: Int
    /// Questions of each kind of prompt that are asked again for their time, and how often.
    package var timedPerKind: Int
    package var repetitions: Int
    /// Seconds after which no further question is begun.
    package var budget: Double

    package init(perSkill: Int, timedPerKind: Int, repetitions: Int, budget: Double) {
      self.perSkill = perSkill
      self.timedPerKind = timedPerKind
      self.repetitions = repetitions
      self.budget = budget
    }

    /// For trying out: under two minutes on two cores.
    package static let quick = Extent(perSkill: 6, timedPerKind: 3, repetitions: 2, budget: 80)
    /// For the record: under an hour on two cores.
    package static let full = Extent(perSkill: 150, timedPerKind: 15, repetitions: 4, budget: 50 * 60)
  }

  /// How far a run is.
  package struct Progress: Sendable, Equatable {
    package var fraction: Double
    /// Seconds left, as far as the pace so far tells; nil at the start.
    package var secondsLeft: Double?
    package var label: String
  }

  private let examples: [Example]
  private let systems: [SystemUnderTest]
  private let probes: [Probe]
  private let judge: Judge
  private let journal: Journal
  private let extent: Extent
  private let stopwatch: Stopwatch
  private let energy: EnergyMeter
  private let onProgress: @Sendable (Progress) -> Void

  package init(
    suite: Suite, systems: [SystemUnderTest], probes: [Probe] = [], judge: Judge, journal: Journal, extent: Extent,
    seed: UInt64, stopwatch: Stopwatch = .continuous, energy: EnergyMeter = .none,
    onProgress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) {
    examples = suite.selection(perSkill: extent.perSkill, seed: seed)
    self.systems = systems
    self.probes = probes
    self.judge = judge
    self.journal = journal
    self.extent = extent
    self.stopwatch = stopwatch
    self.energy = energy
    self.onProgress = onProgress
  }

  /// One request to be made.
  struct Step {
    var system: SystemUnderTest
    var example: Example
    var mode: AnswerRecord.Mode
    var repetition: Int

    var key: String { "answer/\(system.card.id)/\(example.id)/\(mode.rawValue)/\(repetition)" }
  }

  /// Measures whatever the journal does not have.
  ///
  /// - Returns: what the reader has to know, such as that the time was up.
  /// - Throws: the first error of a system: a comparison with holes compares nothing.
  package func run() async throws -> [String] {
    let start = stopwatch.now()
    for probe in probes where !probe.keys.allSatisfy(journal.has) {
      try Task.checkCancellation()
      onProgress(Progress(fraction: 0, secondsLeft: nil, label: probe.title))
      for record in try await probe.measure() { try journal.append(record) }
    }
    let steps = steps
    let begun = stopwatch.now()
    var done = 0
    var asked = 0
    for step in steps {
      try Task.checkCancellation()
      done += 1
      guard !journal.has(step.key) else { continue }
      guard stopwatch.now() - start < extent.budget else {
        return [
          """
          The time set for the run, \(Format.seconds(extent.budget)), was up after \(Format.grouped(done - 1)) of \
          \(Format.grouped(steps.count)) requests; the rest was not asked.
          """
        ]
      }
      try await take(step)
      asked += 1
      let pace = (stopwatch.now() - begun) / Double(asked)
      onProgress(
        Progress(
          fraction: Double(done) / Double(steps.count), secondsLeft: pace * Double(steps.count - done),
          label: "\(step.example.skill), \(step.system.card.id)"))
    }
    try await tellTruth()
    return []
  }

  // MARK: - The order of the requests

  /// Every request of a run: all systems in turn for one question before the next, and the turn reversed at every
  /// second question, so that a machine that warms up or slows down does so for all.
  var steps: [Step] {
    var steps: [Step] = []
    for (index, example) in examples.enumerated() {
      steps += turn(index, example, mode: .question, repetition: 0)
      if example.skill == "reason" {
        for mode in [AnswerRecord.Mode.thinking, .unthinking] {
          steps += turn(index, example, mode: mode, repetition: 0).filter { $0.system.card.kind == .unified }
        }
      }
    }
    let timed = PromptKind.allCases.flatMap { kind in
      examples.filter { $0.kind == kind && $0.output == .text }.prefix(extent.timedPerKind)
    }
    for repetition in 0..<extent.repetitions {
      for (index, example) in timed.enumerated() {
        steps += turn(index + repetition, example, mode: .again, repetition: repetition + 1)
        if example.kind != .text { steps += turn(index + repetition, example, mode: .second, repetition: repetition) }
      }
    }
    return steps
  }

  private func turn(_ index: Int, _ example: Example, mode: AnswerRecord.Mode, repetition: Int) -> [Step] {
    let able = systems.filter { $0.outputs.contains(example.output) }
    return (index % 2 == 0 ? able : able.reversed()).map {
      Step(system: $0, example: example, mode: mode, repetition: repetition)
    }
  }

  // MARK: - One request

  private func take(_ step: Step) async throws {
    var question = Question(turns: step.example.turns, output: step.example.output)
    if step.mode == .thinking { question.thinking = .always }
    if step.mode == .unthinking { question.thinking = .never }
    await step.system.responder.forget()
    if step.mode == .second {
      // What the first question leaves in the caches is what the second one is about; only the second is timed.
      _ = try await step.system.responder.respond(to: question)
      question.turns = followUp(step.example)
    }
    let before = energy.joules()
    let reply = try await step.system.responder.respond(to: question)
    let used = before.flatMap { before in energy.joules().map { $0 - before } }
    try append(step, reply, joules: used)
  }

  private func append(_ step: Step, _ reply: Reply, joules: Double?) throws {
    let score = step.mode == .second ? Score(value: 0, isRight: false) : judge.score(reply, for: step.example)
    var record = AnswerRecord(
      system: step.system.card.id, example: step.example, mode: step.mode, repetition: step.repetition, reply: reply,
      score: score)
    record.joules = joules
    try journal.append(.answer(record))
  }

  /// The prompt of an example with another question in the place of its own: the next one of the suite about media of
  /// the same kind. Its answer is not scored, its time is what is asked for.
  func followUp(_ example: Example) -> [PromptTurn] {
    let other = examples.first { $0.kind == example.kind && !$0.question.isEmpty && $0.question != example.question }
    let fallback = example.turns.media.contains(where: \.isSeen) ? "what do you see?" : "what do you hear?"
    var turns = example.turns
    guard let last = turns.indices.last else { return turns }
    turns[last].parts.removeAll { if case .text = $0 { true } else { false } }
    turns[last].parts.append(.text(other?.question ?? fallback))
    return turns
  }

  /// Asks the language module of a pipeline with the true descriptions wherever the pipeline was wrong: was it the
  /// description, or its reader?
  private func tellTruth() async throws {
    let wrong = journal.records.compactMap { record -> AnswerRecord? in
      guard case .answer(let answer) = record, answer.mode == .question, !answer.score.isRight, answer.kind != .text
      else { return nil }
      return answer
    }
    for system in systems {
      guard let language = system.language else { continue }
      for answer in wrong where answer.system == system.card.id {
        try Task.checkCancellation()
        guard let example = examples.first(where: { $0.id == answer.example }), example.output == .text,
          let turns = example.toldTruth(system.prompts)
        else { continue }
        let step = Step(system: system, example: example, mode: .toldTruth, repetition: 0)
        guard !journal.has(step.key) else { continue }
        await language.forget()
        try append(step, try await language.respond(to: Question(turns: turns)), joules: nil)
      }
    }
  }
}
