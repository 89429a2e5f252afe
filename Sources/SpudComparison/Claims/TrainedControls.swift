/// The trained dense models beside the trained mixture: what each answers, and what one of its tokens costs.
struct TrainedControls {
  private struct Row {
    var system: SystemCard
    /// The accuracies on the questions that both answered, and the mixture's minus the dense model's, paired.
    var mixture: Double
    var dense: Double
    var difference: Estimate
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
        difference: .meanDifference(pairs.map { $0.unified.score.value - $0.other.score.value }))
    }
  }

  /// Begins with a space; empty where there is no dense model.
  var sentence: String {
    guard let mixture, let first = rows.first else { return "" }
    let others = rows.map { row in
      "\(row.system.id) (\(Format.factor(Double(row.system.flopsPerToken) / Double(mixture.flopsPerToken))) its operations) "
        + Format.percent(row.dense)
    }
    return " Trained, \(mixture.id) answers \(Format.percent(first.mixture)) of all questions, \(others.joined(separator: ", "))."
  }

  var tables: [Table] {
    guard let mixture, !rows.isEmpty else { return [] }
    return [
      Table(
        "Trained models",
        columns: [
          "system", "parameters", "operations per token", "bytes per token", "accuracy", "the mixture minus it",
          "95 % interval", "questions",
        ],
        rows: [cells(mixture, accuracy: rows[0].mixture) + ["–", "–", "\(rows[0].difference.count)"]]
          + rows.map { row in
            cells(row.system, accuracy: row.dense)
              + [
                Format.points(row.difference.value), Format.interval(row.difference, .points),
                "\(row.difference.count)",
              ]
          })
    ]
  }

  private func cells(_ system: SystemCard, accuracy: Double) -> [String] {
    [
      system.id, Format.number(Double(system.parameters)), Format.number(Double(system.flopsPerToken)),
      Format.number(Double(system.bytesPerToken)), Format.percent(accuracy),
    ]
  }
}
