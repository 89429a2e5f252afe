internal import SpudInference
internal import SpudPipeline

/// "Thinking scaled to the question is ten times more efficient."
package enum DepthClaim {
  package static let promised = 10.0
  /// Thinking less may cost this much accuracy and still count as the same quality.
  package static let tolerance = 0.01
  /// A gain in efficiency below this is none.
  package static let least = 1.1

  static let method = """
    Each question that can be thought about is answered twice, once with a thought opened and once with thoughts \
    forbidden. The rule thinks when the prompt's own difficulty (its digits, and two for each step or operator) \
    reaches a threshold. The threshold is chosen on one half of the questions, the cheapest that costs at most 1 point \
    of accuracy against always thinking, and judged on the other half. Efficiency is tokens written per right answer. \
    What the best of all rules could gain, one that knows beforehand where a thought is needed, is computed too.
    """
  static let line = """
    Holds when, on the half that did not choose the threshold, the rule surely (by its interval) spends at least 10 \
    times fewer tokens per right answer than always thinking, at most 1 point less accurate; holds in part when it \
    surely spends at least 1.1 times fewer; does not hold otherwise, except that questions on which even the best of \
    all rules gains less than 1.1 times cannot tell.
    """

  /// - Parameter attainable: what the best of all rules gains.
  package static func verdict(
    gain: Estimate, accuracyLost: Double, attainable: Double = .infinity
  ) -> Verdict {
    guard accuracyLost <= tolerance, gain.low >= least else {
      return attainable < least ? .cannotTell : .doesNotHold
    }
    return (gain.low >= promised ? Verdict.holds : .holdsInPart).onlyHolding(if: gain.count >= Verdict.leastCount)
  }

  /// One question, answered both ways.
  struct Both {
    var thinking: AnswerRecord
    var unthinking: AnswerRecord

    func chosen(from threshold: Double) -> AnswerRecord {
      thinking.difficulty >= threshold ? thinking : unthinking
    }
  }

  struct Point {
    var accuracy: Double
    var tokens: Double
    /// Tokens per right answer.
    var efficiency: Double { tokens / max(accuracy, 1e-9) }

    init(_ records: [AnswerRecord]) {
      accuracy = records.map { $0.score.isRight ? 1 : 0 }.mean
      tokens = records.map { Double($0.usage.output) }.mean
    }
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.depth
    guard let unified = evidence.unified else {
      return id.notMeasured("The unified model is not among the systems that were run.", method: method, line: line)
    }
    let questions = questions(evidence, unified)
    guard questions.count >= 4 else {
      return id.notMeasured(
        "Fewer than four questions were answered both with a thought and without one.",
        method: method, line: line)
    }
    let calibration = questions.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    let judged = questions.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    let threshold = threshold(for: calibration)
    let always = Point(judged.map(\.thinking))
    let never = Point(judged.map(\.unthinking))
    let scaled = Point(judged.map { $0.chosen(from: threshold) })
    guard always.accuracy > 0 else {
      return id.notMeasured(
        "The unified model got none of the questions right even when it thought, so there is nothing to save.",
        method: method, line: line)
    }
    let gain = gain(judged, threshold: threshold, seed: evidence.seed)
    let lost = always.accuracy - scaled.accuracy
    let attainable = attainable(judged)
    let limit =
      attainable < least
      ? """
       No rule could have gained more than \(Format.factor(attainable)), for without a thought hardly any of these \
      questions is answered right: they cannot test the claim.
      """
      : " The best of all rules would have gained \(Format.factor(attainable))."
    return Claim(
      id: id, statement: id.statement,
      finding: """
        Always thinking is right in \(Format.percent(always.accuracy)) with \(Format.figures(always.tokens)) tokens an \
        answer, never thinking in \(Format.percent(never.accuracy)) with \(Format.figures(never.tokens)), the rule in \
        \(Format.percent(scaled.accuracy)) with \(Format.figures(scaled.tokens)): \
        \(Format.factor(gain.value)) as efficient as always thinking.\(limit)\(Verdict.remark(count: judged.count))
        """,
      measured: Figure("tokens per right answer, scaled", scaled.efficiency, .count),
      baseline: Figure("tokens per right answer, always thinking", always.efficiency, .count),
      ratio: gain, verdict: verdict(gain: gain, accuracyLost: lost, attainable: attainable), runs: judged.count,
      spread: "95 % interval of the gain \(Format.interval(gain, .factor)); accuracy of the rule "
        + Format.interval(
          .proportion(judged.filter { $0.chosen(from: threshold).score.isRight }.count, of: judged.count), .share),
      method: method, line: line,
      tables: [table(always: always, never: never, scaled: scaled, threshold: threshold)],
      plots: [plot(questions, always: always, never: never, scaled: scaled)])
  }

  static func questions(_ evidence: Evidence, _ unified: SystemCard) -> [Both] {
    var unthinking: [String: AnswerRecord] = [:]
    for record in evidence.answers(of: unified, modes: [.unthinking]) { unthinking[record.example] = record }
    return evidence.answers(of: unified, modes: [.question]).sorted { $0.example < $1.example }.compactMap { record in
      unthinking[record.example].map { Both(thinking: record, unthinking: $0) }
    }
  }

  /// How many times fewer tokens the rule spends per right answer, resampled by question.
  static func gain(_ questions: [Both], threshold: Double, seed: UInt64) -> Estimate {
    .bootstrap(questions, seed: seed) { questions in
      let always = Point(questions.map(\.thinking)).efficiency
      let scaled = Point(questions.map { $0.chosen(from: threshold) }).efficiency
      return scaled > 0 ? always / scaled : 0
    }
  }

  /// How many times fewer tokens per right answer a rule spends that thinks just where a thought makes the answer
  /// right, or shorter.
  static func attainable(_ questions: [Both]) -> Double {
    let best = questions.map { question -> AnswerRecord in
      let (thinking, unthinking) = (question.thinking, question.unthinking)
      if thinking.score.isRight != unthinking.score.isRight { return thinking.score.isRight ? thinking : unthinking }
      return thinking.usage.output < unthinking.usage.output ? thinking : unthinking
    }
    return Point(questions.map(\.thinking)).efficiency / max(Point(best).efficiency, 1e-9)
  }

  /// The threshold with the fewest tokens of those that keep the accuracy of always thinking.
  static func threshold(for questions: [Both]) -> Double {
    let always = Point(questions.map(\.thinking)).accuracy
    let candidates = Set(questions.map(\.thinking.difficulty)).sorted() + [.infinity]
    let kept = candidates.filter { candidate in
      Point(questions.map { $0.chosen(from: candidate) }).accuracy >= always - tolerance
    }
    return kept.min { first, second in
      Point(questions.map { $0.chosen(from: first) }).tokens < Point(questions.map { $0.chosen(from: second) }).tokens
    } ?? 0
  }

  private static func table(always: Point, never: Point, scaled: Point, threshold: Double) -> Table {
    Table(
      "Accuracy and tokens", columns: ["rule", "accuracy", "tokens an answer", "tokens per right answer"],
      rows: [
        ("always think", always), ("never think", never),
        (threshold.isFinite ? "think from difficulty \(Format.figures(threshold))" : "the rule: never think", scaled),
      ].map { name, point in
        [name, Format.percent(point.accuracy), Format.figures(point.tokens), Format.figures(point.efficiency)]
      })
  }

  private static func plot(_ questions: [Both], always: Point, never: Point, scaled: Point) -> Plot {
    let thresholds = Set(questions.map(\.thinking.difficulty)).sorted() + [.infinity]
    let sweep = thresholds.map { threshold in Point(questions.map { $0.chosen(from: threshold) }) }
    func series(_ name: String, _ points: [Point], isJoined: Bool) -> Plot.Lines.Series {
      .init(
        name: name, points: points.map { .init(x: $0.tokens, y: $0.accuracy, low: nil, high: nil) }, isJoined: isJoined)
    }
    return Plot(
      id: "depth-tokens", title: "Accuracy against tokens spent",
      caption: "Up and to the left is better. The line runs through every threshold of the rule.",
      content: .lines(
        Plot.Lines(
          series: [
            series("every threshold", sweep.sorted { $0.tokens < $1.tokens }, isJoined: true),
            series("always", [always], isJoined: false), series("never", [never], isJoined: false),
            series("scaled", [scaled], isJoined: false),
          ],
          xLabel: "tokens an answer", yLabel: "accuracy", xUnit: .count, yUnit: .share, xIsLogarithmic: false,
          startsAtZero: true, reference: nil, referenceLabel: "")))
  }
}
