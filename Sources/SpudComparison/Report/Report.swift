internal import SpudPipeline

/// A finished comparison: what `report.json` holds, and what the pages are made of.
package struct Report: Sendable {
  /// How and on what the measurements were made.
  package struct Setting: Codable, Sendable, Equatable {
    package var date: String
    package var machine: String
    package var cores: Int
    package var memoryBytes: Int
    package var suite: String
    package var questions: Int
    package var seed: UInt64
    package var isQuick: Bool
    package var pricePerCoreHour: Double
    package var energy: String
    /// Wall time of the measuring, in seconds.
    package var seconds: Double
    /// What the reader has to know before the figures: budgets that ran out, systems that are not there.
    package var remarks: [String]

    package init(
      date: String, machine: String, cores: Int, memoryBytes: Int, suite: String, questions: Int, seed: UInt64,
      isQuick: Bool, pricePerCoreHour: Double, energy: String, seconds: Double, remarks: [String]
    ) {
      self.date = date
      self.machine = machine
      self.cores = cores
      self.memoryBytes = memoryBytes
      self.suite = suite
      self.questions = questions
      self.seed = seed
      self.isQuick = isQuick
      self.pricePerCoreHour = pricePerCoreHour
      self.energy = energy
      self.seconds = seconds
      self.remarks = remarks
    }
  }

  /// The request that the timeline and the stream show.
  package struct Showcase: Codable, Sendable, Equatable {
    package var example: String
    package var question: String
    package var expected: String
    package var timeline: Plot?
    package var stream: StreamRecord?
    /// The picture of the prompt as a PNG in base 64; not part of the JSON.
    package var picture: String?

    private enum CodingKeys: String, CodingKey {
      case example
      case question
      case expected
      case timeline
      case stream
    }
  }

  package var setting: Setting
  package var systems: [SystemCard]
  package var tasks: [SkillResult]
  /// The same figures by task.
  package var byTask: [SkillResult]
  package var claims: [Claim]
  package var showcase: Showcase?
  package var experts: Plot?

  /// Judges the evidence.
  package init(setting: Setting, evidence: Evidence, showcase: Showcase? = nil) {
    self.setting = setting
    systems = evidence.systems
    tasks = SkillResult.all(evidence)
    byTask = SkillResult.byTask(evidence)
    claims = Claim.all(evidence)
    self.showcase = showcase
    experts = Self.expertPlot(evidence)
  }

  /// A few sentences: what was found.
  package var summary: String {
    func names(_ verdict: Verdict) -> [String] {
      claims.filter { $0.verdict == verdict }.map { $0.id.title.lowercased() }
    }
    func phrase(_ verdict: Verdict, one: String, many: String) -> String {
      let names = names(verdict)
      guard !names.isEmpty else { return "none \(one)" }
      return "\(names.count) \(names.count == 1 ? one : many) (\(names.joined(separator: ", ")))"
    }
    let first = """
      Of \(claims.count) claims, \(phrase(.holds, one: "holds", many: "hold")), \
      \(phrase(.holdsInPart, one: "holds in part", many: "hold in part")), and \
      \(phrase(.doesNotHold, one: "does not hold", many: "do not hold")).
      """
    return [(Verdict.cannotTell, "What was measured cannot tell"), (.notMeasured, "Not measured")]
      .reduce(first) { text, part in
        let names = names(part.0)
        return names.isEmpty ? text : text + " \(part.1): \(names.joined(separator: ", "))."
      }
  }

  private static func expertPlot(_ evidence: Evidence) -> Plot? {
    guard let unified = evidence.unified else { return nil }
    let records = evidence.routings.filter { $0.system == unified.id }
    let order = ["text", "image", "audio", "control"]
    let modalities = order.filter { modality in records.contains { $0.modality == modality } }
    guard !modalities.isEmpty else { return nil }
    let panels = modalities.map { modality in
      let layers = records.filter { $0.modality == modality }.sorted { $0.layer < $1.layer }
      return Plot.Heat.Panel(
        name: modality,
        shares: layers.map { record in
          let total = Double(max(1, record.counts.reduce(0, +)))
          return record.counts.map { Double($0) / total }
        })
    }
    return Plot(
      id: "experts", title: "Experts chosen, by modality and layer",
      caption: "Rows are layers, columns experts; the deeper the colour, the more of the modality's tokens.",
      content: .heat(Plot.Heat(panels: panels)))
  }
}

extension Plot {
  /// One request through each system.
  ///
  /// - Parameter answers: one a system, in the order of the systems.
  package static func timeline(_ answers: [AnswerRecord]) -> Plot {
    Plot(
      id: "timeline", title: "One request, from the naming of its files to the last token",
      caption: "A lane is a module, a colour a kind of work; the upright line is the first token of the answer.",
      content: .timeline(
        Timeline(
          rows: answers.map { answer in
            Timeline.Row(
              system: answer.system,
              bars: answer.stages.map {
                Timeline.Bar(module: $0.module, work: $0.work.rawValue, start: $0.start, end: $0.end)
              },
              firstToken: answer.firstToken, total: answer.total, answer: String(answer.text.prefix(24)))
          })))
  }
}
