/// "Nothing is routed between modules, so answers come sooner."
package enum LatencyClaim {
  static let method = """
    Every system answers the same question in turn (A B, then B A), each in the same runtime with the same kernels and \
    one pool of threads, and has answered it once before, untimed and then forgotten. The time runs from the moment \
    that the files are named, their decoding included. A question's ratio is the median of its repetitions; the median \
    of the questions' ratios is reported with the interval of the sign test. A cell is a kind of prompt, first or \
    second question about the same media, first or last token; in each cell the baseline is the pipeline that was \
    fastest there. For the second question, which is another example's, a pipeline reuses its descriptions and the \
    unified model its cached prefix; its answer is not scored, so the two may write answers of different length there.
    """
  static let line = """
    Holds when the unified model is faster in every cell with media, the interval of the ratio below 1; does not hold \
    when it is faster in none; holds in part otherwise, or when a cell has fewer than 30 questions.
    """

  /// One kind of prompt, one question, one moment. Times are the questions' medians over their repetitions.
  package struct Cell: Sendable, Equatable {
    package var kind: PromptKind
    package var isSecond: Bool
    package var isLast: Bool
    /// One value a question, in the same order.
    package var ratios: [Double]
    package var unified: [Double]
    package var pipeline: [Double]
    package var baseline: String
    package var ratio: Estimate

    init(
      kind: PromptKind, isSecond: Bool, isLast: Bool, _ pairs: [AnswerPair], baseline: String,
      time: (AnswerRecord) -> Double
    ) {
      let questions = pairs.byQuestion
      self.kind = kind
      self.isSecond = isSecond
      self.isLast = isLast
      self.baseline = baseline
      unified = questions.map { $0.map { time($0.unified) }.median }
      pipeline = questions.map { $0.map { time($0.other) }.median }
      ratios = questions.map { $0.map { max(time($0.unified), 1e-9) / max(time($0.other), 1e-9) }.median }
      ratio = .medianRatio(ratios)
    }

    var isFaster: Bool { ratio.high < 1 }
    var name: String { "\(kind.rawValue), \(isSecond ? "second" : "first") question" }
  }

  package static func verdict(_ ratios: [Estimate]) -> Verdict {
    guard !ratios.isEmpty else { return .notMeasured }
    let faster = ratios.filter { $0.high < 1 }.count
    return faster == ratios.count ? .holds : faster == 0 ? .doesNotHold : .holdsInPart
  }

  package static func evaluate(_ evidence: Evidence) -> Claim {
    let id = Claim.Identifier.latency
    guard let unified = evidence.unified, evidence.missingPipeline == nil else {
      return id.notMeasured(evidence.missingPipeline ?? "", method: method, line: line)
    }
    let cells = cells(evidence, unified: unified)
    let withMedia = cells.filter { $0.kind != .text }
    guard !withMedia.isEmpty else {
      return id.notMeasured("The suite has no question with a picture, a sound or a film.", method: method, line: line)
    }
    let fewest = withMedia.map(\.ratio.count).min() ?? 0
    let verdict = verdict(withMedia.map(\.ratio)).onlyHolding(if: fewest >= Verdict.leastCount)
    let first = withMedia.filter { !$0.isSecond && $0.isLast }
    let shown = first.isEmpty ? withMedia : first
    let ratio = Estimate.medianRatio(shown.flatMap(\.ratios))
    let middle = Estimate.middlePair(Array(zip(shown.flatMap(\.unified), shown.flatMap(\.pipeline))))
    let faster = withMedia.filter(\.isFaster).count
    let others = others(cells)
    return Claim(
      id: id, statement: id.statement,
      finding: """
        To the last token of a first question with media the unified model takes \(Format.factor(ratio.value)) the \
        time of the fastest pipeline\(others.map { ", of \($0.name) \(Format.factor($0.ratio.value))" }.joined()); \
        it is faster in \(faster) of \(withMedia.count) cells.\
        \(Verdict.remark(count: fewest))
        """,
      measured: Figure("unified, to the last token in the middle pair", middle.0, .seconds),
      baseline: Figure("fastest pipeline, in the middle pair", middle.1, .seconds),
      ratio: ratio, verdict: verdict, runs: ratio.count,
      spread: "95 % interval of the ratio \(Format.interval(ratio, .factor))"
        + others.map { "; of \($0.name) \(Format.interval($0.ratio, .factor))" }.joined(), method: method, line: line,
      tables: [table(cells)] + sameWork(evidence, unified: unified)
        + [quantiles(evidence, .timed), quantiles(evidence, .second)],
      plots: [ratioPlot(cells), timePlot(evidence, cells)])
  }

  /// What the headline leaves out: second questions, and prompts without media, to the last token.
  private static func others(_ cells: [Cell]) -> [(name: String, ratio: Estimate)] {
    [
      ("a second question about the same media", cells.filter { $0.kind != .text && $0.isSecond && $0.isLast }),
      ("text alone", cells.filter { $0.kind == .text && !$0.isSecond && $0.isLast }),
    ].compactMap { name, cells in
      let ratios = cells.flatMap(\.ratios)
      return ratios.isEmpty ? nil : (name, .medianRatio(ratios))
    }
  }

  static func cells(_ evidence: Evidence, unified: SystemCard) -> [Cell] {
    PromptKind.allCases.flatMap { kind in
      [false, true].flatMap { isSecond in
        [false, true].compactMap { isLast in
          let candidates = evidence.pipelines.compactMap { pipeline -> Cell? in
            let pairs = evidence.pairs(unified, pipeline, modes: isSecond ? [.second] : [.timed]) {
              $0.kind == kind
            }
            guard !pairs.isEmpty else { return nil }
            return Cell(kind: kind, isSecond: isSecond, isLast: isLast, pairs, baseline: pipeline.id) {
              isLast ? $0.total : $0.firstToken
            }
          }
          return candidates.min { $0.pipeline.median < $1.pipeline.median }
        }
      }
    }
  }

  private static func table(_ cells: [Cell]) -> Table {
    Table(
      "Unified against the fastest pipeline",
      columns: ["prompt", "to the", "unified p50", "pipeline p50", "baseline", "ratio", "95 % interval", "questions"],
      rows: cells.map { cell in
        [
          cell.name, cell.isLast ? "last token" : "first token", Format.seconds(cell.unified.median),
          Format.seconds(cell.pipeline.median), cell.baseline, Format.factor(cell.ratio.value),
          Format.interval(cell.ratio, .factor), "\(cell.ratio.count)",
        ]
      })
  }

  /// A check of the method: over text alone a pipeline of the unified model's own checkpoint does the same work, so its
  /// ratio to the unified model is what the measurement itself adds.
  private static func sameWork(_ evidence: Evidence, unified: SystemCard) -> [Table] {
    let rows = evidence.pipelines.filter { Set($0.models) == Set(unified.models) }.flatMap { twin in
      [false, true].compactMap { isLast -> [String]? in
        let pairs = evidence.pairs(unified, twin, modes: [.timed]) { $0.kind == .text }
        guard !pairs.isEmpty else { return nil }
        let cell = Cell(kind: .text, isSecond: false, isLast: isLast, pairs, baseline: twin.id) {
          isLast ? $0.total : $0.firstToken
        }
        return [
          twin.id, isLast ? "last token" : "first token", Format.factor(cell.ratio.value),
          Format.interval(cell.ratio, .factor), "\(cell.ratio.count)",
        ]
      }
    }
    guard !rows.isEmpty else { return [] }
    return [
      Table(
        "The same work measured twice: text alone, unified over the pipeline of its own checkpoint (1 is no error)",
        columns: ["pipeline", "to the", "ratio", "95 % interval", "questions"], rows: rows)
    ]
  }

  private static func quantiles(_ evidence: Evidence, _ mode: AnswerRecord.Mode) -> Table {
    var rows: [[String]] = []
    for kind in PromptKind.allCases {
      for system in evidence.systems {
        let answers = evidence.answers(of: system, modes: [mode]).filter { $0.kind == kind }
        guard !answers.isEmpty else { continue }
        let first = answers.map(\.firstToken)
        let last = answers.map(\.total)
        rows.append(
          [kind.rawValue, system.id]
            + [0.5, 0.95, 0.99].map { Format.seconds(first.quantile($0)) }
            + [0.5, 0.95, 0.99].map { Format.seconds(last.quantile($0)) } + ["\(answers.count)"])
      }
    }
    return Table(
      "\(mode == .second ? "Second" : "First") questions: quantiles of the time",
      columns: [
        "prompt", "system", "first token p50", "p95", "p99", "last token p50", "p95", "p99", "requests",
      ], rows: rows)
  }

  private static func ratioPlot(_ cells: [Cell]) -> Plot {
    Plot(
      id: "latency-ratio", title: "Time of the unified model over the fastest pipeline's",
      caption: "Left of 1 the unified model is faster. Bars are 95 % intervals of the median ratio.",
      content: .forest(
        Plot.Forest(
          rows: cells.map {
            .init(
              name: "\($0.name), \($0.isLast ? "last" : "first") token", estimate: $0.ratio, isTotal: $0.isLast)
          },
          unit: .factor, neutral: 1, leftLabel: "unified faster", rightLabel: "pipeline faster")))
  }

  private static func timePlot(_ evidence: Evidence, _ cells: [Cell]) -> Plot {
    let kinds = PromptKind.allCases.filter { kind in cells.contains { $0.kind == kind } }
    let groups = kinds.map { kind in
      Plot.Ranges.Group(
        name: kind.rawValue,
        values: evidence.systems.map { system in
          let times = evidence.answers(of: system, modes: [.timed]).filter { $0.kind == kind }.map(\.total)
          return times.isEmpty
            ? nil
            : Plot.Ranges.Range(middle: times.median, low: times.quantile(0.05), high: times.quantile(0.95))
        })
    }
    return Plot(
      id: "latency-time", title: "Time to the last token, by kind of prompt",
      caption: "Dots are medians, bars reach from the 5th to the 95th percentile. First questions only.",
      content: .ranges(
        Plot.Ranges(series: evidence.systems.map(\.id), groups: groups, unit: .seconds, reference: nil)))
  }
}
