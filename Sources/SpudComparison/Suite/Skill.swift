/// What a skill is measured by, and the bar that it should clear.
package struct Skill: Sendable, Equatable {
  package enum Metric: String, Codable, Sendable {
    /// The share of answers that are right.
    case accuracy
    /// Edits per character expected: less is better.
    case characterError = "character error"
    /// Edits per word expected: less is better.
    case wordError = "word error"
    /// The mean share of what was asked for that is there.
    case recall

    package var isError: Bool { self == .characterError || self == .wordError }
  }

  package var name: String
  package var metric: Metric
  /// The figure to reach; nil for skills that this table does not know.
  package var bar: Double?

  package init(_ name: String, _ metric: Metric, bar: Double?) {
    self.name = name
    self.metric = metric
    self.bar = bar
  }

  /// The figure to reach, with the side that it is to be reached from.
  package var barText: String {
    bar.map { (metric.isError ? "≤ " : "≥ ") + Format.percent($0) } ?? "–"
  }

  /// The skills of the world, in the order in which they are reported.
  package static let world: [Skill] = [
    Skill("see", .accuracy, bar: 0.95),
    Skill("count", .accuracy, bar: 0.90),
    Skill("relate", .accuracy, bar: 0.90),
    Skill("read", .characterError, bar: 0.05),
    Skill("handwriting", .accuracy, bar: 0.95),
    Skill("hear", .wordError, bar: 0.10),
    Skill("tones", .accuracy, bar: 0.95),
    Skill("see-hear", .accuracy, bar: 0.85),
    Skill("watch", .accuracy, bar: 0.90),
    Skill("watch-hear", .accuracy, bar: 0.85),
    Skill("reason", .accuracy, bar: 0.95),
    Skill("draw", .recall, bar: 0.90),
    Skill("speak", .recall, bar: 0.80),
    Skill("describe", .recall, bar: 0.90),
  ]

  /// The skill called `name`; one that the world does not have is measured by right answers and has no bar.
  package static func named(_ name: String) -> Skill {
    world.first { $0.name == name } ?? Skill(name, .accuracy, bar: nil)
  }

  /// The skill that an example counts towards: some tasks of one skill are reported as a skill of their own.
  package static func name(skill: String, task: String) -> String {
    switch (skill, task) {
    case ("see", "describe"), ("hear", "describe"): "describe"
    case ("see", "count"): "count"
    default: skill
    }
  }
}

/// One system's figure for one skill: a cell of the table that `spud compare` prints.
package struct SkillResult: Codable, Sendable, Equatable {
  package var system: String
  package var skill: String
  package var metric: Skill.Metric
  package var value: Estimate
  package var bar: Double?

  /// Whether the bar is cleared; nil without a bar.
  package var isCleared: Bool? {
    bar.map { metric.isError ? value.value <= $0 : value.value >= $0 }
  }

  /// The results of all systems and skills that were answered, in the order of the world's skills.
  package static func all(_ evidence: Evidence) -> [SkillResult] {
    let names = Set(evidence.answers.map(\.skill))
    let known = Skill.world.map(\.name)
    let ordered = known.filter(names.contains) + names.subtracting(known).sorted()
    return ordered.flatMap { name in
      evidence.systems.compactMap { system -> SkillResult? in
        let answers = evidence.answers(of: system, modes: [.question]).filter { $0.skill == name }
        guard !answers.isEmpty else { return nil }
        let skill = Skill.named(name)
        return SkillResult(
          system: system.id, skill: name, metric: skill.metric,
          value: estimate(answers, skill.metric, seed: evidence.seed), bar: skill.bar)
      }
    }
  }

  private static func estimate(_ answers: [AnswerRecord], _ metric: Skill.Metric, seed: UInt64) -> Estimate {
    switch metric {
    case .accuracy:
      return .proportion(answers.filter(\.score.isRight).count, of: answers.count)
    case .recall:
      return .bootstrap(answers.map(\.score.value), seed: seed) { $0.mean }
    case .characterError, .wordError:
      let counts = answers.compactMap(\.score.errors)
      guard !counts.isEmpty else { return .proportion(0, of: 0) }
      let total = counts.reduce(ErrorCount(edits: 0, length: 0), +)
      // The spread over answers of edits scaled to the mean length: the rate is a ratio of sums.
      let mean = Double(max(1, total.length)) / Double(counts.count)
      var estimate = Estimate.bootstrap(counts.map { Double($0.edits) / mean }, seed: seed) { $0.mean }
      estimate.value = total.rate
      return estimate
    }
  }
}
