/// "Turning pictures and sound into text first loses nuance."
package enum NuanceClaim {
  /// A difference in mean score below this is too small to speak of.
  package static let margin = 0.02

  static let method = """
    Both answer the same held-out questions with media; the answers are scored alike and paired by question. The \
    baseline is the pipeline that answered best. Where the pipeline is wrong and the unified model right, the language \
    module is asked once more with the true description: if it is right then, the description was at fault; if not, \
    the language module missed it. A description is at fault when it says the thing wrongly and when it does not say \
    it; the two are not told apart, so an object that was taken for another counts like a nuance that words lost. \
    What the unified model lost and the pipeline had is counted too. The column “told the truth” is the language \
    module's mean score with true descriptions on all questions: what a perfect describer would allow.
    """ + " " + ScoreComparison.explanation
  static let line = """
    Holds when the interval of the difference in mean score lies above 2 points, and most of the lost answers were \
    lost in the description; holds in part when the difference itself is above 2 points, or the interval of at least \
    one skill is; does not hold otherwise. What a language module misses in a true description is no loss of \
    translation, and a language module that scores under 50 % even then makes no claim hold.
    """

  /// - Parameters:
  ///   - lacked: answers lost because the description was wrong or silent.
  ///   - missed: answers that the language module missed even with the true description.
  package static func verdict(total: Estimate, skills: [Estimate], lacked: Int = 0, missed: Int = 0) -> Verdict {
    if total.low > margin { return missed > lacked ? .holdsInPart : .holds }
    if total.value > margin || skills.contains(where: { $0.low > margin }) { return .holdsInPart }
    return .doesNotHold
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.nuance
    if let missing = evidence.missingPipeline { return id.notMeasured(missing, method: method, line: line) }
    guard
      let comparison = ScoreComparison.best(evidence, group: \.skill, where: { $0.kind != .text })
    else {
      return id.notMeasured("No question with media was answered by both.", method: method, line: line)
    }
    let total = comparison.total
    let losses = losses(comparison)
    let tables =
      [comparison.table("Mean score by skill", heading: "skill")]
      + (losses.rows.isEmpty ? [] : [losses.table])
    return Claim(
      id: id, statement: id.statement,
      finding: """
        On questions with media the unified model's mean score is \(Format.percent(total.unified)), that of \
        \(comparison.baseline.id) \(Format.percent(total.pipeline)): \(Format.points(total.difference.value)); \
        entirely right are \(total.unifiedRight) and \(total.pipelineRight) of \(total.difference.count). \
        \(losses.sentence)\(comparison.remark)\(Verdict.remark(count: total.difference.count))
        """,
      measured: Figure("unified, mean score with media", total.unified, .share),
      baseline: Figure("\(comparison.baseline.id), mean score with media", total.pipeline, .share),
      ratio: total.pipeline > 0 ? .exact(total.unified / total.pipeline, count: total.difference.count) : nil,
      verdict: verdict(
        total: total.difference, skills: comparison.rows.map(\.difference), lacked: losses.lacked,
        missed: losses.missed
      ).onlyHolding(
        if: total.difference.count >= Verdict.leastCount && comparison.canRead && losses.lacked + losses.missed > 0),
      runs: total.difference.count,
      spread: "95 % interval of the difference \(Format.interval(total.difference, .points))",
      method: method, line: line, tables: tables,
      plots: [comparison.plot(id: "nuance-difference", title: "Mean score by skill, unified minus pipeline")])
  }

  /// Answers that one of the two had and the other lost.
  struct Losses {
    var rows: [[String]]
    /// The pipeline lost it: with the true description its language module has it, or has it not.
    var lacked: Int
    var missed: Int
    /// The unified model lost it, and the pipeline had it.
    var opposite: Int

    var sentence: String {
      let all = lacked + missed
      let limit =
        missed > lacked
        ? " Its reader limits this pipeline more than its descriptions: one trained to read them would be stronger."
        : ""
      let lost =
        all > 0
        ? """
        Of \(all) answers that the unified model had and the pipeline lost, the description was wrong or silent in \
        \(lacked) and the language module missed it in \(missed).\(limit)
        """
        : ""
      return [lost, "The other way round, the unified model lost \(opposite) that the pipeline had."]
        .filter { !$0.isEmpty }.joined(separator: " ")
    }

    var table: Table {
      Table(
        "Answers that one of the two had and the other lost",
        columns: [
          "skill", "the pipeline lost: description wrong or silent", "the pipeline lost: language module missed it",
          "the unified model lost",
        ], rows: rows)
    }
  }

  static func losses(_ comparison: ScoreComparison) -> Losses {
    var counts: [String: (lacked: Int, missed: Int, opposite: Int)] = [:]
    for pair in comparison.pairs where pair.unified.score.isRight != pair.other.score.isRight {
      guard pair.unified.score.isRight else {
        counts[pair.unified.skill, default: (0, 0, 0)].opposite += 1
        continue
      }
      guard let truth = comparison.told[pair.unified.example] else { continue }
      if truth.score.isRight {
        counts[pair.unified.skill, default: (0, 0, 0)].lacked += 1
      } else {
        counts[pair.unified.skill, default: (0, 0, 0)].missed += 1
      }
    }
    let values = counts.values
    return Losses(
      rows: counts.sorted { $0.key < $1.key }.map {
        [$0.key, "\($0.value.lacked)", "\($0.value.missed)", "\($0.value.opposite)"]
      },
      lacked: values.reduce(0) { $0 + $1.lacked }, missed: values.reduce(0) { $0 + $1.missed },
      opposite: values.reduce(0) { $0 + $1.opposite })
  }
}
