/// What a skill is measured by, and the bar that it should clear: a row of the table that `spud compare` prints.
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
  /// What the metric counts, in words.
  package var measure: String
  /// The figure to reach; nil for skills that this table does not know.
  package var bar: Double?

  package init(_ name: String, _ metric: Metric, _ measure: String? = nil, bar: Double?) {
    self.name = name
    self.metric = metric
    self.measure = measure ?? metric.rawValue
    self.bar = bar
  }

  /// The figure to reach, with the side that it is to be reached from.
  package var barText: String {
    bar.map { (metric.isError ? "≤ " : "≥ ") + Format.percent($0) } ?? "–"
  }

  static let unthinking = "reason, no thought"
  static let objects = "describe: objects"
  static let words = "describe: words"

  /// The skills of the world, in the order in which they are reported.
  package static let world: [Skill] = [
    Skill("see", .accuracy, bar: 0.95),
    Skill("count and relate", .accuracy, bar: 0.90),
    Skill("read", .characterError, bar: 0.05),
    Skill("handwriting", .accuracy, bar: 0.95),
    Skill("hear", .wordError, bar: 0.10),
    Skill("tones", .accuracy, bar: 0.95),
    Skill("see and hear", .accuracy, bar: 0.85),
    Skill("watch", .accuracy, bar: 0.90),
    Skill("watch and hear", .accuracy, bar: 0.85),
    Skill("reason", .accuracy, bar: 0.95),
    Skill(unthinking, .accuracy, bar: nil),
    Skill("draw", .recall, "objects right in colour, shape and cell", bar: 0.90),
    Skill("speak", .recall, "words recognized", bar: 0.80),
    Skill(objects, .recall, "objects named", bar: 0.90),
    Skill(words, .recall, "words named", bar: 0.90),
  ]

  /// The skill called `name`; one that the world does not have is measured by right answers and has no bar.
  package static func named(_ name: String) -> Skill {
    world.first { $0.name == name } ?? Skill(name, .accuracy, bar: nil)
  }

  /// The skill that an example counts towards: some tasks of one skill are reported with another.
  package static func name(skill: String, task: String) -> String {
    switch skill {
    case "relate": return "count and relate"
    case "see-hear", "match": return "see and hear"
    case "watch-hear": return "watch and hear"
    case "see" where task == "describe": return "describe"
    default: return skill
    }
  }

  /// Whether an answer counts towards this row. A transcript counts twice: by its errors, and as a description.
  func takes(_ record: AnswerRecord) -> Bool {
    switch name {
    case Self.unthinking: record.mode == .unthinking
    case Self.objects: record.mode == .question && record.score.recall?.unit == .objects
    case Self.words: record.mode == .question && record.score.recall?.unit == .words
    default: record.mode == .question && record.skill == name
    }
  }
}
