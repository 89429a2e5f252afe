/// "It sees and hears at the same moment."
package enum TogetherClaim {
  static let method = """
    Questions that need both at once: a spoken question about a picture, and films in which only the moment of a sound \
    tells which object made it. Answers are scored alike and paired by question; the baseline is the pipeline that \
    answered best, and what one would get by always giving the commonest answer of each task.
    """ + " " + ScoreComparison.explanation
  static let line = """
    Holds when the intervals of the unified model's lead lie above 0 both over the best pipeline and over the \
    commonest answer; holds in part when it leads the commonest answer and its lead over the pipeline may be 0, or \
    the pipeline's language module scores under 50 % even from true descriptions; does not hold when the interval of \
    its lead over the pipeline lies below 0, or that of its lead over the commonest answer does not lie above 0.
    """

  package static func verdict(overPipeline: Estimate, overCommonest: Estimate) -> Verdict {
    guard overCommonest.low > 0, overPipeline.high >= 0 else { return .doesNotHold }
    return overPipeline.low > 0 ? .holds : .holdsInPart
  }

  /// Whether a question needs eye and ear together.
  static func needsBoth(_ record: AnswerRecord) -> Bool {
    record.kind == .both || (record.kind == .video && record.skill.contains("hear"))
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.together
    if let missing = evidence.missingPipeline { return id.notMeasured(missing, method: method, line: line) }
    guard
      let comparison = ScoreComparison.best(
        evidence, group: { "\($0.skill): \($0.task)" }, where: needsBoth)
    else {
      return id.notMeasured("The suite has no question that needs eye and ear together.", method: method, line: line)
    }
    let total = comparison.total
    let lead = Estimate.meanDifference(
      zip(comparison.pairs, commonestScores(comparison.pairs)).map { $0.unified.score.value - $1 })
    return Claim(
      id: id, statement: id.statement,
      finding: """
        On questions that need eye and ear together the unified model's mean score is \
        \(Format.percent(total.unified)), that of \(comparison.baseline.id) \(Format.percent(total.pipeline)) and that \
        of the commonest answer \(Format.percent(total.unified - lead.value)); entirely right are \
        \(total.unifiedRight) and \(total.pipelineRight) of \(total.difference.count).\(comparison.remark)\
        \(Verdict.remark(count: total.difference.count))
        """,
      measured: Figure("unified, mean score with both", total.unified, .share),
      baseline: Figure("\(comparison.baseline.id), mean score with both", total.pipeline, .share),
      ratio: total.pipeline > 0 ? .exact(total.unified / total.pipeline, count: total.difference.count) : nil,
      verdict: verdict(overPipeline: total.difference, overCommonest: lead)
        .onlyHolding(if: total.difference.count >= Verdict.leastCount && comparison.canRead),
      runs: total.difference.count,
      spread: """
        95 % intervals of the lead: \(Format.interval(total.difference, .points)) over the pipeline, \
        \(Format.interval(lead, .points)) over the commonest answer
        """,
      method: method, line: line, tables: [comparison.table("Mean score with both", heading: "task")],
      plots: [comparison.plot(id: "together-difference", title: "Mean score with both, unified minus pipeline")])
  }

  /// For each question, 1 where the commonest answer to the other questions of its task would have been right: a
  /// question must not vote for its own answer.
  static func commonestScores(_ pairs: [AnswerPair]) -> [Double] {
    let counts = Dictionary(grouping: pairs.map(\.unified), by: \.taskName).mapValues { records in
      Dictionary(grouping: records, by: \.expected).mapValues(\.count)
    }
    return pairs.map { pair in
      var others = counts[pair.unified.taskName] ?? [:]
      others[pair.unified.expected, default: 1] -= 1
      let commonest = others.max { ($0.value, $1.key) < ($1.value, $0.key) }
      return commonest?.key == pair.unified.expected && (commonest?.value ?? 0) > 0 ? 1 : 0
    }
  }
}

extension AnswerRecord {
  var taskName: String { "\(skill): \(task)" }
}
