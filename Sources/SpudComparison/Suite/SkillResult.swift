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
    let known = Set(Skill.world.map(\.name))
    let others = Set(evidence.answers.map(\.skill)).subtracting(known).subtracting(["describe"])
    return (Skill.world + others.sorted().map(Skill.named)).flatMap { skill in
      results(evidence, skill.name, skill) { skill.takes($0) }
    }
  }

  /// The same by task: `skill: task`.
  package static func byTask(_ evidence: Evidence) -> [SkillResult] {
    let answers = evidence.answers.filter { $0.mode == .question }
    let names = Dictionary(grouping: answers, by: \.taskName).mapValues { $0.first?.skill ?? "" }
    return names.sorted { $0.key < $1.key }.flatMap { name, skill in
      let rule = skill == "describe" ? Skill(skill, .recall, bar: nil) : Skill.named(skill)
      return results(evidence, name, Skill(name, rule.metric, bar: nil)) {
        $0.mode == .question && $0.taskName == name
      }
    }
  }

  private static func results(
    _ evidence: Evidence, _ name: String, _ skill: Skill, where isWanted: (AnswerRecord) -> Bool
  ) -> [SkillResult] {
    evidence.systems.compactMap { system -> SkillResult? in
      let answers = evidence.answers.filter { $0.system == system.id && isWanted($0) }
      guard !answers.isEmpty else { return nil }
      return SkillResult(
        system: system.id, skill: name, metric: skill.metric,
        value: estimate(answers, skill, seed: evidence.seed), bar: skill.bar)
    }
  }

  private static func estimate(_ answers: [AnswerRecord], _ skill: Skill, seed: UInt64) -> Estimate {
    switch skill.metric {
    case .accuracy:
      return .proportion(answers.filter(\.score.isRight).count, of: answers.count)
    case .recall:
      let isDescription = skill.name == Skill.objects || skill.name == Skill.words
      return .bootstrap(answers.map { isDescription ? $0.score.recall?.share ?? 0 : $0.score.value }, seed: seed) {
        $0.mean
      }
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

extension SkillResult {
  /// The figure with its interval, and a mark when the bar is cleared or missed.
  package var text: String {
    let mark = isCleared.map { $0 ? " ✓" : " ✗" } ?? ""
    let interval = "[\(Format.fixed(value.low * 100, 1)), \(Format.fixed(value.high * 100, 1))]"
    return "\(Format.percent(value.value)) \(interval), n \(value.count)\(mark)"
  }
}
