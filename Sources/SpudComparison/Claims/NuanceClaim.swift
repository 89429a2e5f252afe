/// "Turning pictures and sound into text first loses nuance."
package enum NuanceClaim {
  /// A difference in accuracy below this is too small to speak of.
  package static let margin = 0.02

  static let method = """
    Both answer the same held-out questions with media; the answers are scored alike and paired by question. The \
    baseline is the pipeline that answered best. Where the pipeline is wrong and the unified model right, the language \
    module is asked once more with the true description: if it is right then, the description lacked what was asked; \
    if not, the language module missed it. The column “told the truth” is its accuracy with true descriptions on all \
    questions: what a perfect describer would allow.
    """
  static let line = """
    Holds when the interval of the difference in accuracy lies above 2 points, and most of the lost answers were lost \
    in the description; holds in part when the difference itself is above 2 points, or the interval of at least one \
    skill is; does not hold otherwise. What a language module misses in a true description is no loss of translation, \
    and a language module that is right in under 50 % even then makes no claim hold.
    """

  /// - Parameters:
  ///   - lacked: answers lost because the description lacked what was asked.
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
      let comparison = AccuracyComparison.best(evidence, group: \.skill, where: { $0.kind != .text })
    else {
      return id.notMeasured("No question with media was answered by both.", method: method, line: line)
    }
    let total = comparison.total
    let losses = losses(comparison)
    let tables =
      [comparison.table("Accuracy by skill", heading: "skill")]
      + (losses.rows.isEmpty ? [] : [losses.table])
    return Claim(
      id: id, statement: id.statement,
      finding: """
        The unified model answers \(Format.percent(total.unified)) of the questions with media, \
        \(comparison.baseline.id) \(Format.percent(total.pipeline)): \(Format.points(total.difference.value)). \
        \(losses.sentence)\(comparison.remark)\(Verdict.remark(count: total.difference.count))
        """,
      measured: Figure("unified, accuracy with media", total.unified, .share),
      baseline: Figure("\(comparison.baseline.id), accuracy with media", total.pipeline, .share),
      ratio: total.pipeline > 0 ? .exact(total.unified / total.pipeline, count: total.difference.count) : nil,
      verdict: verdict(
        total: total.difference, skills: comparison.rows.map(\.difference), lacked: losses.lacked,
        missed: losses.missed
      ).onlyHolding(
        if: total.difference.count >= Verdict.leastCount && comparison.canRead && losses.lacked + losses.missed > 0),
      runs: total.difference.count,
      spread: "95 % interval of the difference \(Format.interval(total.difference, .points))",
      method: method, line: line, tables: tables,
      plots: [comparison.plot(id: "nuance-difference", title: "Accuracy by skill, unified minus pipeline")])
  }

  /// Where the pipeline lost answers that the unified model had.
  struct Losses {
    var rows: [[String]]
    var lacked: Int
    var missed: Int

    var sentence: String {
      let all = lacked + missed
      guard all > 0 else { return "" }
      let limit =
        missed > lacked
        ? " Its reader limits this pipeline more than its descriptions: one trained to read them would be stronger."
        : ""
      return """
        Of \(all) answers lost on the way, the description lacked what was asked in \(lacked) and the language module \
        missed it in \(missed).\(limit)
        """
    }

    var table: Table {
      Table(
        "Where the pipeline lost answers that the unified model had",
        columns: ["skill", "the description lacked it", "the language module missed it"], rows: rows)
    }
  }

  static func losses(_ comparison: AccuracyComparison) -> Losses {
    var counts: [String: (lacked: Int, missed: Int)] = [:]
    for pair in comparison.pairs where pair.unified.score.isRight && !pair.other.score.isRight {
      guard let truth = comparison.told[pair.unified.example] else { continue }
      if truth.score.isRight {
        counts[pair.unified.skill, default: (0, 0)].lacked += 1
      } else {
        counts[pair.unified.skill, default: (0, 0)].missed += 1
      }
    }
    return Losses(
      rows: counts.sorted { $0.key < $1.key }.map { [$0.key, "\($0.value.lacked)", "\($0.value.missed)"] },
      lacked: counts.values.reduce(0) { $0 + $1.lacked }, missed: counts.values.reduce(0) { $0 + $1.missed })
  }
}
