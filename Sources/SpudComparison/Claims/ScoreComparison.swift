/// The scores of the unified model against those of a pipeline, skill by skill: what three of the claims are made of.
struct ScoreComparison {
  struct Row {
    var name: String
    /// Mean scores.
    var unified: Double
    var pipeline: Double
    var difference: Estimate
    /// Answers that are entirely right.
    var unifiedRight: Int
    var pipelineRight: Int
    /// The pipeline's last module, told the true descriptions; nil when it was not.
    var told: Double?
  }

  var baseline: SystemCard
  var pairs: [AnswerPair]
  var rows: [Row]
  var total: Row
  /// By example, what the pipeline's last module answered when told the truth.
  var told: [String: AnswerRecord]

  /// Compares with the pipeline that answered best; nil when there are no pairs.
  ///
  /// - Parameter isWanted: which requests count.
  static func best(
    _ evidence: Evidence, group: (AnswerRecord) -> String, where isWanted: (AnswerRecord) -> Bool
  ) -> ScoreComparison? {
    guard let unified = evidence.unified else { return nil }
    return evidence.pipelines
      .compactMap { ScoreComparison(evidence, unified, $0, group: group, where: isWanted) }
      .max { $0.total.pipeline < $1.total.pipeline }
  }

  init?(
    _ evidence: Evidence, _ unified: SystemCard, _ pipeline: SystemCard, group: (AnswerRecord) -> String,
    where isWanted: (AnswerRecord) -> Bool
  ) {
    baseline = pipeline
    pairs = evidence.pairs(unified, pipeline, modes: [.question], where: isWanted)
    guard !pairs.isEmpty else { return nil }
    let groups = Dictionary(grouping: pairs) { group($0.unified) }
    var told: [String: AnswerRecord] = [:]
    for answer in evidence.answers(of: pipeline, modes: [.toldTruth]) { told[answer.example] = answer }
    self.told = told
    rows = groups.keys.sorted().map { Self.row($0, groups[$0] ?? [], told) }
    total = Self.row("all", pairs, told)
  }

  /// What the figures of these claims are, in words for their methods.
  static let explanation = """
    A score is 1 for a right answer and 0 for a wrong one; a text read or a transcript scores 1 less its error rate, a \
    description the share of what it should name. A mean score is therefore not a share of right answers: how many \
    are entirely right is given beside it.
    """

  /// Told the truth, a reader whose mean score is below this was not trained to read.
  static let leastReading = 0.5

  /// Whether the pipeline's last module can read descriptions at all, as far as the suite tells.
  var canRead: Bool { (total.told ?? 0) >= Self.leastReading }

  /// What has to be said of the baseline before anything is made of its answers; empty when it is in order.
  var remark: String {
    guard let told = total.told else {
      return " The suite gives no true descriptions of these media, so whether the baseline can read any is not known."
    }
    return canRead
      ? ""
      : """
       Even from the true descriptions its language module scores only \(Format.percent(told)): it was not \
      trained to answer from texts, and a baseline that cannot read proves little.
      """
  }

  private static func row(_ name: String, _ pairs: [AnswerPair], _ told: [String: AnswerRecord]) -> Row {
    let truths = pairs.compactMap { told[$0.unified.example]?.score.value }
    return Row(
      name: name, unified: pairs.map(\.unified.score.value).mean, pipeline: pairs.map(\.other.score.value).mean,
      difference: .meanDifference(pairs.map { $0.unified.score.value - $0.other.score.value }),
      unifiedRight: pairs.filter(\.unified.score.isRight).count,
      pipelineRight: pairs.filter(\.other.score.isRight).count,
      told: truths.isEmpty ? nil : truths.mean)
  }

  func table(_ title: String, heading: String) -> Table {
    Table(
      title,
      columns: [
        heading, "unified", baseline.id, "told the truth", "difference", "95 % interval", "questions",
        "unified, entirely right", "\(baseline.id), entirely right",
      ],
      rows: (rows + [total]).map { row in
        [
          row.name, Format.percent(row.unified), Format.percent(row.pipeline),
          row.told.map(Format.percent) ?? "–", Format.points(row.difference.value),
          Format.interval(row.difference, .points), "\(row.difference.count)", "\(row.unifiedRight)",
          "\(row.pipelineRight)",
        ]
      })
  }

  func plot(id: String, title: String) -> Plot {
    Plot(
      id: id, title: title,
      caption: "Right of 0 the unified model scores higher than \(baseline.id). Bars are 95 % intervals.",
      content: .forest(
        Plot.Forest(
          rows: (rows + [total]).map { .init(name: $0.name, estimate: $0.difference, isTotal: $0.name == "all") },
          unit: .points, neutral: 0, leftLabel: "pipeline better", rightLabel: "unified better")))
  }
}
