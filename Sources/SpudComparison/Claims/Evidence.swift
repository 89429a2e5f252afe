/// Everything that the claims are judged by.
package struct Evidence: Sendable {
  package var systems: [SystemCard]
  package var answers: [AnswerRecord]
  package var decodes: [DecodeRecord]
  package var spaces: [SpaceRecord]
  package var routings: [RoutingRecord]
  package var streams: [StreamRecord]
  package var memories: [MemoryRecord]
  /// The agent and its Guardian; nil where nobody tried to measure them.
  package var agent: AgentRecord?
  /// Training runs whose final losses tell quality apart from cost.
  package var controls: [ControlRun]
  /// Money for one core for one hour.
  package var pricePerCoreHour: Double
  /// The seed of the resampling.
  package var seed: UInt64

  package init(
    systems: [SystemCard], records: [Record], controls: [ControlRun] = [], pricePerCoreHour: Double = 0.05,
    seed: UInt64 = 1
  ) {
    self.systems = systems
    self.controls = controls
    self.pricePerCoreHour = pricePerCoreHour
    self.seed = seed
    answers = []
    decodes = []
    spaces = []
    routings = []
    streams = []
    memories = []
    for record in records {
      switch record {
      case .answer(let record): answers.append(record)
      case .decode(let record): decodes.append(record)
      case .space(let record): spaces.append(record)
      case .routing(let record): routings.append(record)
      case .stream(let record): streams.append(record)
      case .memory(let record): memories.append(record)
      case .agent(let record): agent = record
      }
    }
  }
}

/// A training run that serves as a control, or several of one size with other seeds: how good it became, and what one
/// of its tokens costs.
package struct ControlRun: Codable, Sendable, Equatable {
  package var name: String
  package var isDense: Bool
  package var experts: Int
  package var parameters: Int
  package var activeParameters: Int
  package var flopsPerToken: Int
  package var bytesPerToken: Int
  /// Training tokens seen by each run, and the loss at the end, the mean over the runs.
  package var tokens: Double
  package var loss: Double
  /// Half the width of the 95 % interval of the loss: over runs where `spansRuns`, else as far as the scatter along the
  /// curve's end tells.
  package var lossSpread: Double
  package var runs = 1
  package var spansRuns = false
  /// Training tokens after which the run saw other batches than the others; nil where nothing says so.
  package var strayedAt: Double? = nil

  package init(
    name: String, isDense: Bool, experts: Int, parameters: Int, activeParameters: Int, flopsPerToken: Int,
    bytesPerToken: Int, tokens: Double, loss: Double, lossSpread: Double = 0
  ) {
    self.name = name
    self.isDense = isDense
    self.experts = experts
    self.parameters = parameters
    self.activeParameters = activeParameters
    self.flopsPerToken = flopsPerToken
    self.bytesPerToken = bytesPerToken
    self.tokens = tokens
    self.loss = loss
    self.lossSpread = lossSpread
  }
}

/// The same request to two systems.
package struct AnswerPair: Sendable {
  package var unified: AnswerRecord
  package var other: AnswerRecord
}

extension [AnswerPair] {
  /// The pairs of each question, its repetitions together, in the order of the questions' names. Repetitions of one
  /// question are alike, so intervals count questions.
  var byQuestion: [[AnswerPair]] {
    let groups = Dictionary(grouping: self, by: \.unified.example)
    return groups.keys.sorted().compactMap { groups[$0] }
  }
}

extension Evidence {
  package var unified: SystemCard? { systems.first { $0.kind == .unified } }
  package var pipelines: [SystemCard] { systems.filter(\.kind.isPipeline) }

  /// The answers of one system.
  func answers(of system: SystemCard, modes: Set<AnswerRecord.Mode>) -> [AnswerRecord] {
    answers.filter { $0.system == system.id && modes.contains($0.mode) }
  }

  /// The requests that both systems answered, paired by example, mode and repetition.
  func pairs(
    _ unified: SystemCard, _ other: SystemCard, modes: Set<AnswerRecord.Mode>,
    where isWanted: (AnswerRecord) -> Bool = { _ in true }
  ) -> [AnswerPair] {
    var waiting: [String: AnswerRecord] = [:]
    for record in answers where record.system == other.id && modes.contains(record.mode) && isWanted(record) {
      waiting[record.occasion] = record
    }
    return answers.compactMap { record in
      guard record.system == unified.id, modes.contains(record.mode), let other = waiting[record.occasion] else {
        return nil
      }
      return AnswerPair(unified: record, other: other)
    }
  }

  /// Why a claim that needs the unified model and a pipeline cannot be measured; nil when it can.
  var missingPipeline: String? {
    if unified == nil { return "The unified model is not among the systems that were run." }
    if pipelines.isEmpty { return "No pipeline is among the systems that were run." }
    return nil
  }
}

extension AnswerRecord {
  /// What two records of different systems share when they belong together.
  var occasion: String { "\(example)/\(mode.rawValue)/\(repetition)" }
}
