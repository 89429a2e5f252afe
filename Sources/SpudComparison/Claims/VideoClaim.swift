/// "Video is understood as it unfolds: predicting outcomes gets 90 % better."
package enum VideoClaim {
  /// 90 % better: 1.9 times the mean score.
  package static let promised = 1.9

  static let method = """
    Both watch the same held-out clips. The pipeline's vision module captions every frame, its hearing module the \
    sound, and its language module answers from the captions in their order. The baseline is the pipeline that \
    answered best. “90 % better” is read as 1.9 times the mean score, which no model can reach where the pipeline has \
    more than 1 / 1.9 = 52.6 %; how often each is wrong is given beside it.
    """ + " " + ScoreComparison.explanation
  static let line = """
    Does not hold when the interval of the difference lies below 0. Else, where the pipeline scores more than 52.6 %, \
    these questions cannot tell. Where it scores less: holds when the unified model scores at least 1.9 times as much \
    and the interval of the difference lies above 0; holds in part when only the latter is so, or the pipeline's \
    language module scores under 50 % even from true captions; does not hold otherwise.
    """

  /// Whether the pipeline leaves room for what is promised.
  static func canTell(pipeline: Double) -> Bool { promised * pipeline <= 1 }

  package static func verdict(unified: Double, pipeline: Double, difference: Estimate) -> Verdict {
    if difference.high < 0 { return .doesNotHold }
    guard canTell(pipeline: pipeline) else { return .cannotTell }
    guard difference.low > 0 else { return .doesNotHold }
    return unified >= promised * pipeline ? .holds : .holdsInPart
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.video
    if let missing = evidence.missingPipeline { return id.notMeasured(missing, method: method, line: line) }
    guard
      let comparison = ScoreComparison.best(
        evidence, group: { "\($0.skill): \($0.task)" }, where: { $0.kind == .video })
    else {
      return id.notMeasured("The suite has no question about a film.", method: method, line: line)
    }
    let total = comparison.total
    let limit =
      canTell(pipeline: total.pipeline)
      ? ""
      : " 1.9 times \(Format.percent(total.pipeline)) is more than 100 %, so these questions cannot show the claim."
    return Claim(
      id: id, statement: id.statement,
      finding: """
        On films the unified model's mean score is \(Format.percent(total.unified)), that of the pipeline of frame \
        captions \(Format.percent(total.pipeline)): \(Format.points(total.difference.value)). \(errors(total))\(limit)\
        \(comparison.remark)\(Verdict.remark(count: total.difference.count))
        """,
      measured: Figure("unified, mean score on films", total.unified, .share),
      baseline: Figure("\(comparison.baseline.id), mean score on films", total.pipeline, .share),
      ratio: total.pipeline > 0 ? .exact(total.unified / total.pipeline, count: total.difference.count) : nil,
      verdict: verdict(unified: total.unified, pipeline: total.pipeline, difference: total.difference)
        .onlyHolding(if: total.difference.count >= Verdict.leastCount && comparison.canRead),
      runs: total.difference.count,
      spread: "95 % interval of the difference \(Format.interval(total.difference, .points))", method: method,
      line: line, tables: [comparison.table("Mean score on films", heading: "task")],
      plots: [comparison.plot(id: "video-difference", title: "Mean score on films, unified minus pipeline")])
  }

  /// How many answers are not entirely right, and how many times fewer the unified model's are.
  static func errors(_ total: ScoreComparison.Row) -> String {
    let count = total.difference.count
    let (ours, theirs) = (count - total.unifiedRight, count - total.pipelineRight)
    let ratio =
      ours > 0
      ? ", so the pipeline makes \(Format.factor(Double(theirs) / Double(ours))) the unified model's errors" : ""
    return """
      Not entirely right are \(ours) of the unified model's answers and \(theirs) of the pipeline's, of \(count) \
      each\(ratio).
      """
  }
}
