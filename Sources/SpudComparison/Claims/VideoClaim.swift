/// "Video is understood as it unfolds: predicting outcomes gets 90 % better."
package enum VideoClaim {
  /// 90 % better: right 1.9 times as often.
  package static let promised = 1.9

  static let method = """
    Both watch the same held-out clips. The pipeline's vision module captions every frame, its hearing module the \
    sound, and its language module answers from the captions in their order. The baseline is the pipeline that \
    answered best. “90 % better” is read as right 1.9 times as often.
    """
  static let line = """
    Holds when the unified model is right at least 1.9 times as often as the pipeline and the interval of the \
    difference lies above 0; holds in part when only the latter is so, or the pipeline's language module is right in \
    under 50 % even from true captions; does not hold otherwise.
    """

  package static func verdict(unified: Double, pipeline: Double, difference: Estimate) -> Verdict {
    guard difference.low > 0 else { return .doesNotHold }
    return unified >= promised * pipeline ? .holds : .holdsInPart
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.video
    if let missing = evidence.missingPipeline { return id.notMeasured(missing, method: method, line: line) }
    guard
      let comparison = AccuracyComparison.best(
        evidence, group: { "\($0.skill): \($0.task)" }, where: { $0.kind == .video })
    else {
      return id.notMeasured("The suite has no question about a film.", method: method, line: line)
    }
    let total = comparison.total
    return Claim(
      id: id, statement: id.statement,
      finding: """
        On films the unified model is right in \(Format.percent(total.unified)), the pipeline of frame captions in \
        \(Format.percent(total.pipeline)): \(Format.points(total.difference.value)).\
        \(comparison.remark)\(Verdict.remark(count: total.difference.count))
        """,
      measured: Figure("unified, accuracy on films", total.unified, .share),
      baseline: Figure("\(comparison.baseline.id), accuracy on films", total.pipeline, .share),
      ratio: total.pipeline > 0 ? .exact(total.unified / total.pipeline, count: total.difference.count) : nil,
      verdict: verdict(unified: total.unified, pipeline: total.pipeline, difference: total.difference)
        .onlyHolding(if: total.difference.count >= Verdict.leastCount && comparison.canRead),
      runs: total.difference.count,
      spread: "95 % interval of the difference \(Format.interval(total.difference, .points))", method: method,
      line: line, tables: [comparison.table("Accuracy on films", heading: "task")],
      plots: [comparison.plot(id: "video-difference", title: "Accuracy on films, unified minus pipeline")])
  }
}
