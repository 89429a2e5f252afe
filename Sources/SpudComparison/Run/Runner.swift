internal import SpudErrors
internal import SpudInference
package import SpudPipeline
internal import SpudTokens

/// Asks every system every question, in turn, and keeps what comes back in the journal.
///
/// Answers are scored first, a few questions of every skill at a time, so that a run whose time is up has asked of
/// everything; systems that can answer several questions at once do. Times are taken after that, one request at a time.
package struct Runner: Sendable {
  /// How much is measured.
  package struct Extent: Sendable, Equatable {
    /// Questions of each skill.
    package var perSkill: Int
    /// Questions of each kind of prompt whose time is taken, and how often.
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
    package static let quick = Extent(perSkill: 6, timedPerKind: 3, repetitions: 2, budget: 75)
    /// For the record: under an hour on two cores, about ten minutes with the world's suite and every system. More
    /// questions tell more than more repetitions: what a question costs differs more than its times do.
    package static let full = Extent(perSkill: 120, timedPerKind: 40, repetitions: 3, budget: 24 * 60)
    /// For one model's skills: every question, and no times, which compare with nothing.
    package static let skills = Extent(perSkill: .max, timedPerKind: 0, repetitions: 0, budget: 50 * 60)

    /// The share of the budget that scoring may take when times are to be taken too.
    static let scoringShare = 0.62
    /// Questions of each skill that are asked before the next system has its turn.
    static let perRound = 2
  }

  /// How far a run is.
  package struct Progress: Sendable, Equatable {
    package var fraction: Double
    /// Seconds left, as far as the pace so far tells; nil at the start.
    package var secondsLeft: Double?
    package var label: String
  }

  /// What became of a run.
  package struct Outcome: Sendable, Equatable {
    /// Whether everything was measured; if not, the same run may go on later.
    package var isComplete: Bool
    /// What the reader has to know, such as that the time was up.
    package var remarks: [String]
  }

  let examples: [Example]
  let systems: [SystemUnderTest]
  let journal: Journal
  let extent: Extent
  let stopwatch: Stopwatch
  let energy: EnergyMeter
  private let probes: [Probe]
  private let judge: Judge
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

  /// Measures whatever the journal does not have.
  ///
  /// - Throws: the first error of a system: a comparison with holes compares nothing.
  package func run() async throws -> Outcome {
    let start = stopwatch.now()
    for (index, probe) in probes.enumerated() where !probe.keys.allSatisfy(journal.has) {
      try Task.checkCancellation()
      onProgress(Progress(fraction: 0.05 * Double(index) / Double(probes.count), secondsLeft: nil, label: probe.title))
      try await probe.measure(journal)
    }
    // Probes that took long on a busy machine leave at least half of the time to the questions.
    let begun = stopwatch.now()
    let left = max(extent.budget - (begun - start), extent.budget / 2)
    let share = extent.repetitions > 0 ? Extent.scoringShare : 1
    let scored = try await score(until: begun + left * share, from: 0.05, to: share)
    let timed = try await time(until: begun + left, from: share)
    var remarks: [String] = []
    if scored.done < scored.all {
      remarks.append(
        """
        The time set for the questions, \(Format.seconds(left * share)), was up after \
        \(Format.grouped(scored.done)) of \(Format.grouped(scored.all)) of them.
        """)
    }
    if timed.done < timed.all {
      remarks.append(
        """
        The time set for the run, \(Format.seconds(extent.budget)), was up after the times of \
        \(Format.grouped(timed.done)) of \(Format.grouped(timed.all)) requests were taken.
        """)
    }
    if !remarks.isEmpty { remarks.append("The same command goes on where this run stopped.") }
    return Outcome(isComplete: remarks.isEmpty, remarks: remarks)
  }

  // MARK: - Answers

  /// The same question to one system in one way.
  struct Step {
    var system: SystemUnderTest
    var example: Example
    var mode: AnswerRecord.Mode
    var repetition = 0

    var key: String { "answer/\(system.card.id)/\(example.id)/\(mode.rawValue)/\(repetition)" }
  }

  /// Asks the questions in rounds: a few of every skill, to every system in turn, then the next few.
  private func score(until end: Double, from low: Double, to high: Double) async throws -> (done: Int, all: Int) {
    let answering = systems.filter { system in system.answersLike == nil }
    let skills = Set(examples.map(\.skill)).count
    let size = max(1, skills * Extent.perRound)
    let rounds = stride(from: 0, to: examples.count, by: size).map {
      Array(examples[$0..<min($0 + size, examples.count)])
    }
    let begun = stopwatch.now()
    var done = 0
    var asked = 0
    for (index, round) in rounds.enumerated() {
      for system in index % 2 == 0 ? answering : answering.reversed() {
        try Task.checkCancellation()
        let steps = steps(round, system)
        if !steps.allSatisfy({ journal.has($0.key) }) {
          guard stopwatch.now() < end else { return (done, examples.count) }
          try await take(steps, of: system)
          asked += round.count
        }
        let fraction = Double(done * answering.count + round.count) / Double(examples.count * answering.count)
        let pace = (stopwatch.now() - begun) / Double(max(1, asked))
        let left = pace * Double((examples.count - done) * answering.count)
        onProgress(
          Progress(
            fraction: low + (high - low) * fraction,
            secondsLeft: asked > 0 ? min(left, end - stopwatch.now()) + extent.budget * (1 - high) : nil,
            label: "questions, \(system.card.id)"))
      }
      done += round.count
    }
    return (done, examples.count)
  }

  /// What one system is asked in one round: the questions; those that can be thought about also without a thought; and
  /// a pipeline's last module alone, with the true descriptions: was it the description, or its reader?
  func steps(_ round: [Example], _ system: SystemUnderTest) -> [Step] {
    let able = round.filter { system.outputs.contains($0.output) }
    var steps = able.map { Step(system: system, example: $0, mode: .question) }
    if system.card.kind == .unified {
      steps += able.filter(\.isThoughtAbout).map { Step(system: system, example: $0, mode: .unthinking) }
    }
    if system.language != nil {
      steps += able.filter { $0.kind != .text && $0.output == .text && $0.toldTruth(system.prompts) != nil }
        .map { Step(system: system, example: $0, mode: .toldTruth) }
    }
    return steps
  }

  private func take(_ steps: [Step], of system: SystemUnderTest) async throws {
    let missing = steps.filter { !journal.has($0.key) }
    for (responder, steps) in [
      (system.responder, missing.filter { $0.mode != .toldTruth }),
      (system.language ?? system.responder, missing.filter { $0.mode == .toldTruth }),
    ] where !steps.isEmpty {
      await responder.forget()
      let replies = try await responder.respond(toAll: steps.map(question))
      for (step, reply) in zip(steps, replies) { try append(step, reply, joules: nil) }
    }
    // Decoded films and pictures of a round are of no use to the next.
    await system.responder.forget()
  }

  private func question(_ step: Step) -> Question {
    var turns = step.example.turns
    if step.mode == .toldTruth { turns = step.example.toldTruth(step.system.prompts) ?? turns }
    let output = step.example.output
    let thinking = step.mode == .unthinking ? 0 : step.example.isThoughtAbout ? Question.maximumTokens(of: output) : nil
    return Question(turns: turns, output: output, thinking: thinking)
  }

  private func append(_ step: Step, _ reply: Reply, joules: Double?) throws {
    var record = AnswerRecord(
      system: step.system.card.id, example: step.example, mode: step.mode, repetition: step.repetition, reply: reply,
      score: step.mode == .second ? .wrong : judge.score(reply, for: step.example))
    record.joules = joules
    try journal.append(.answer(record))
  }

  // MARK: - Times

  /// Takes the time of some questions of each kind: all systems in turn for one question before the next, and the turn
  /// reversed at every second question, so that a machine that warms up or slows down does so for all.
  private func time(until end: Double, from low: Double) async throws -> (done: Int, all: Int) {
    let steps = timedSteps
    let begun = stopwatch.now()
    var done = 0
    var asked = 0
    for step in steps {
      try Task.checkCancellation()
      if !journal.has(step.key) {
        guard stopwatch.now() < end else { break }
        try await take(step)
        asked += 1
      }
      done += 1
      let left = (stopwatch.now() - begun) / Double(max(1, asked)) * Double(steps.count - done)
      onProgress(
        Progress(
          fraction: low + (1 - low) * Double(done) / Double(steps.count),
          secondsLeft: asked > 0 ? min(left, max(0, end - stopwatch.now())) : nil,
          label: "times, \(step.example.kind.rawValue), \(step.system.card.id)"))
    }
    return (done, steps.count)
  }

  /// Every request whose time is taken, in order.
  var timedSteps: [Step] {
    let timed = PromptKind.allCases.map { kind in
      Array(examples.filter { $0.kind == kind && $0.output == .text }.prefix(extent.timedPerKind))
    }
    var steps: [Step] = []
    for repetition in 0..<extent.repetitions {
      // One of each kind, then the next of each: a run that has to stop has timed every kind.
      for (index, example) in Suite.interleaved(timed).enumerated() {
        let turn = (index + repetition) % 2 == 0 ? systems : systems.reversed()
        for mode in [AnswerRecord.Mode.timed, .second] where mode == .timed || example.kind != .text {
          steps += turn.map { Step(system: $0, example: example, mode: mode, repetition: repetition) }
        }
      }
    }
    return steps
  }

  private func take(_ step: Step) async throws {
    var question = question(step)
    await step.system.responder.forget()
    // Asked once before, untimed: the processor's caches then hold this system's weights, and not those of whichever
    // system had its turn before.
    _ = try await step.system.responder.respond(to: question)
    if step.mode == .second {
      // What the first question leaves in the models' caches is what the second one is about.
      question.turns = followUp(step.example)
    } else {
      await step.system.responder.forget()
    }
    let before = energy.joules()
    let reply = try await step.system.responder.respond(to: question)
    let used = before.flatMap { before in energy.joules().map { $0 - before } }
    try append(step, reply, joules: used)
  }

  /// The prompt of an example with another question in the place of its own: that of the next example of its skill, or
  /// else of its kind, which asks something else. What is right is not known, so the answer is not scored; its time is
  /// what is asked for.
  func followUp(_ example: Example) -> [PromptTurn] {
    let place = examples.firstIndex { $0.id == example.id } ?? 0
    let later = examples[place...] + examples[..<place]
    let others = later.filter { $0.kind == example.kind && !$0.question.isEmpty && $0.question != example.question }
    let other = others.first { $0.skill == example.skill } ?? others.first
    let fallback = example.turns.media.contains(where: \.isSeen) ? "what do you see?" : "what do you hear?"
    var turns = example.turns
    guard let last = turns.indices.last else { return turns }
    turns[last].parts.removeAll { if case .text = $0 { true } else { false } }
    turns[last].parts.append(.text(other?.question ?? fallback))
    return turns
  }
}
