/// The trained dense models beside the trained mixture: what each answers, and what one of its tokens costs.
struct TrainedControls {
  private struct Row {
    var system: SystemCard
    /// The mean scores on the questions that both answered, and the mixture's minus the dense model's, paired.
    var mixture: Double
    var dense: Double
    var difference: Estimate
    /// The shares of answers that are entirely right.
    var mixtureRight: Double
    var denseRight: Double
  }

  private let mixture: SystemCard?
  private let rows: [Row]

  init(_ evidence: Evidence) {
    mixture = evidence.unified
    rows = evidence.systems.filter(\.kind.isDense).sorted { $0.flopsPerToken < $1.flopsPerToken }.compactMap { dense in
      let pairs = evidence.unified.map { evidence.pairs($0, dense, modes: [.question]) } ?? []
      guard !pairs.isEmpty else { return nil }
      return Row(
        system: dense, mixture: pairs.map(\.unified.score.value).mean, dense: pairs.map(\.other.score.value).mean,
        difference: .meanDifference(pairs.map { $0.unified.score.value - $0.other.score.value }),
        mixtureRight: pairs.map { $0.unified.score.isRight ? 1 : 0 }.mean,
        denseRight: pairs.map { $0.other.score.isRight ? 1 : 0 }.mean)
    }
  }

  /// Begins with a space; empty where there is no dense model.
  var sentence: String {
    guard let mixture, let first = rows.first else { return "" }
    let others = rows.map { row in
      let factor = Double(row.system.flopsPerToken) / Double(mixture.flopsPerToken)
      return "\(row.system.id) (\(Format.factor(factor)) its operations) "
        + Format.percent(row.dense)
    }
    return """
       Of the trained models, \(mixture.id) has a mean score of \(Format.percent(first.mixture)) on all questions, \
      \(others.joined(separator: ", ")).
      """
  }

  var tables: [Table] {
    guard let mixture, !rows.isEmpty else { return [] }
    return [
      Table(
        "Trained models",
        columns: [
          "system", "parameters", "operations per token", "bytes per token", "mean score", "the mixture minus it",
          "95 % interval", "questions", "entirely right",
        ],
        rows: [
          cells(mixture, score: rows[0].mixture)
            + ["–", "–", "\(rows[0].difference.count)", Format.percent(rows[0].mixtureRight)]
        ]
          + rows.map { row in
            cells(row.system, score: row.dense)
              + [
                Format.points(row.difference.value), Format.interval(row.difference, .points),
                "\(row.difference.count)", Format.percent(row.denseRight),
              ]
          })
    ]
  }

  private func cells(_ system: SystemCard, score: Double) -> [String] {
    [
      system.id, Format.number(Double(system.parameters)), Format.number(Double(system.flopsPerToken)),
      Format.number(Double(system.bytesPerToken)), Format.percent(score),
    ]
  }
}
