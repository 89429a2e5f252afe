/// The answers of the unified model against those of a pipeline, skill by skill: what three of the claims are made of.
struct AccuracyComparison {
  struct Row {
    var name: String
    var unified: Double
    var pipeline: Double
    var difference: Estimate
  }

  var baseline: SystemCard
  var pairs: [AnswerPair]
  var rows: [Row]
  var total: Row

  /// Compares with the pipeline that answered best; nil when there are no pairs.
  ///
  /// - Parameter isWanted: which requests count.
  static func best(
    _ evidence: Evidence, group: (AnswerRecord) -> String, where isWanted: (AnswerRecord) -> Bool
  ) -> AccuracyComparison? {
    guard let unified = evidence.unified else { return nil }
    return evidence.pipelines
      .compactMap { AccuracyComparison(evidence, unified, $0, group: group, where: isWanted) }
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
    rows = groups.keys.sorted().map { Self.row($0, groups[$0] ?? [], seed: evidence.seed) }
    total = Self.row("all", pairs, seed: evidence.seed)
  }

  private static func row(_ name: String, _ pairs: [AnswerPair], seed: UInt64) -> Row {
    Row(
      name: name, unified: pairs.map(\.unified.score.value).mean, pipeline: pairs.map(\.other.score.value).mean,
      difference: .meanDifference(pairs.map { $0.unified.score.value - $0.other.score.value }, seed: seed))
  }

  func table(_ title: String, heading: String) -> Table {
    Table(
      title, columns: [heading, "unified", baseline.id, "difference", "95 % interval", "questions"],
      rows: (rows + [total]).map { row in
        [
          row.name, Format.percent(row.unified), Format.percent(row.pipeline), Format.points(row.difference.value),
          Format.interval(row.difference, .points), "\(row.difference.count)",
        ]
      })
  }

  func plot(id: String, title: String) -> Plot {
    Plot(
      id: id, title: title,
      caption: "Right of 0 the unified model answers better than \(baseline.id). Bars are 95 % intervals.",
      content: .forest(
        Plot.Forest(
          rows: (rows + [total]).map { .init(name: $0.name, estimate: $0.difference, isTotal: $0.name == "all") },
          unit: .points, neutral: 0, leftLabel: "pipeline better", rightLabel: "unified better")))
  }
}
