package import SpudInference
package import SpudPipeline

/// What was measured: one line of the journal each.
package enum Record: Sendable, Equatable {
  case answer(AnswerRecord)
  case decode(DecodeRecord)
  case space(SpaceRecord)
  case routing(RoutingRecord)
  case stream(StreamRecord)
  case memory(MemoryRecord)
  case agent(AgentRecord)

  /// What this record is a measurement of; a run that is resumed skips the keys that it has.
  package var key: String {
    switch self {
    case .answer(let record): record.key
    case .decode(let record): record.key
    case .space(let record): record.key
    case .routing(let record): record.key
    case .stream(let record): record.key
    case .memory(let record): record.key
    case .agent: AgentRecord.key
    }
  }
}

/// The kind of a prompt, by the media in it.
package enum PromptKind: String, Codable, Sendable, CaseIterable {
  case text
  case image
  case sound
  case both
  case video
}

/// One request to one system.
package struct AnswerRecord: Codable, Sendable, Equatable {
  /// Why the request was made.
  package enum Mode: String, Codable, Sendable {
    /// The question itself, once: its answer is scored. Where several were answered at once it has no time of its own.
    case question
    /// The same question again, alone and cold, for its time.
    case timed
    /// A second question about the same media, with what the first one left in the caches.
    case second
    /// The language module alone, with the descriptions that the suite gives: what a perfect describer would allow.
    case toldTruth
    /// A question that is otherwise asked with a thought opened, asked with thoughts forbidden.
    case unthinking
  }

  package var system: String
  package var example: String
  package var mode: Mode
  package var repetition: Int
  package var skill: String
  package var task: String
  package var kind: PromptKind
  /// What the system wrote, shortened to what a report can show.
  package var text: String
  package var expected: String
  package var descriptions: [String]
  package var score: Score
  /// The prompt's own difficulty signal.
  package var difficulty: Double
  package var usage: Usage
  package var stages: [Stage]
  /// Seconds until the first token of the answer, and until its last.
  package var firstToken: Double
  package var total: Double
  /// Energy of the whole package while it answered, in joules; nil where it cannot be read.
  package var joules: Double?

  package var key: String {
    "answer/\(system)/\(example)/\(mode.rawValue)/\(repetition)"
  }

  package init(
    system: String, example: Example, mode: Mode, repetition: Int, reply: Reply, score: Score
  ) {
    self.system = system
    self.example = example.id
    self.mode = mode
    self.repetition = repetition
    skill = Skill.name(skill: example.skill, task: example.task)
    task = example.task
    kind = example.kind
    text = String(reply.text.prefix(400))
    expected = String(example.answer.prefix(400))
    descriptions = reply.descriptions.map { String($0.prefix(400)) }
    self.score = score
    difficulty = example.difficulty
    usage = reply.usage
    stages = reply.stages
    firstToken = reply.firstToken
    total = reply.total
  }
}

/// How good one answer is.
package struct Score: Codable, Sendable, Equatable {
  /// 0 … 1: what the skill's figure is the mean of.
  package var value: Double
  /// Whether the answer counts as right.
  package var isRight: Bool
  /// For skills that are judged by an error rate: what it is summed from.
  package var errors: ErrorCount?
  /// For texts that say what a medium holds: the share of it that they do say.
  package var recall: Recall?

  /// A share of the things, or of the words, that a text should name.
  package struct Recall: Codable, Sendable, Equatable {
    package enum Unit: String, Codable, Sendable {
      case objects
      case words
    }

    package var unit: Unit
    package var share: Double

    package init(_ unit: Unit, _ share: Double) {
      self.unit = unit
      self.share = share
    }
  }

  package init(value: Double, isRight: Bool, errors: ErrorCount? = nil, recall: Recall? = nil) {
    self.value = value
    self.isRight = isRight
    self.errors = errors
    self.recall = recall
  }

  package static let right = Score(value: 1, isRight: true)
  package static let wrong = Score(value: 0, isRight: false)
}

/// The time to write tokens, one at a time, by a model of a known size after a context of a known length.
package struct DecodeRecord: Codable, Sendable, Equatable {
  /// What was varied: `experts` or `context`.
  package enum Axis: String, Codable, Sendable {
    case experts
    case context
  }

  package var axis: Axis
  package var model: String
  /// Whether the weights were trained; random weights cost the same time and know nothing.
  package var isTrained: Bool
  package var experts: Int
  package var parameters: Int
  package var activeParameters: Int
  package var bytesPerToken: Int
  package var context: Int
  package var repetition: Int
  package var secondsPerToken: Double

  package var key: String {
    "decode/\(axis.rawValue)/\(model)/\(experts)/\(context)/\(repetition)"
  }

  package init(
    axis: Axis, model: String, isTrained: Bool, experts: Int, parameters: Int, activeParameters: Int,
    bytesPerToken: Int, context: Int, repetition: Int, secondsPerToken: Double
  ) {
    self.axis = axis
    self.model = model
    self.isTrained = isTrained
    self.experts = experts
    self.parameters = parameters
    self.activeParameters = activeParameters
    self.bytesPerToken = bytesPerToken
    self.context = context
    self.repetition = repetition
    self.secondsPerToken = secondsPerToken
  }
}

/// How well one modality's hidden states find the same concept in another's, at one layer.
package struct SpaceRecord: Codable, Sendable, Equatable {
  /// A concept's place in the plane of the two largest principal components.
  package struct Point: Codable, Sendable, Equatable {
    package var concept: String
    package var modality: String
    package var x: Double
    package var y: Double

    package init(concept: String, modality: String, x: Double, y: Double) {
      self.concept = concept
      self.modality = modality
      self.x = x
      self.y = y
    }
  }

  /// A concept and its nearest neighbour in the other modality.
  package struct Lookup: Codable, Sendable, Equatable {
    package var concept: String
    /// What it is one of: a colour, a shape.
    package var category: String
    package var nearest: String

    package init(concept: String, category: String, nearest: String) {
      self.concept = concept
      self.category = category
      self.nearest = nearest
    }

    package var isHit: Bool { nearest == concept }
  }

  package var system: String
  package var layer: Int
  /// The modalities compared, as `image → text`.
  package var pair: String
  /// What each concept found.
  package var lookups: [Lookup]
  /// Empty but for one record a layer.
  package var points: [Point]

  package var key: String { "space/\(system)/\(layer)/\(pair)" }

  /// Concepts whose nearest neighbour in the other modality is themselves, of all.
  package var hits: Int { lookups.filter(\.isHit).count }
  package var concepts: Int { lookups.count }

  package init(system: String, layer: Int, pair: String, lookups: [Lookup], points: [Point] = []) {
    self.system = system
    self.layer = layer
    self.pair = pair
    self.lookups = lookups
    self.points = points
  }
}

/// How often each expert of a layer was chosen for tokens of one modality.
package struct RoutingRecord: Codable, Sendable, Equatable {
  package var system: String
  package var layer: Int
  package var modality: String
  /// [experts]
  package var counts: [Int]

  package var key: String { "routing/\(system)/\(layer)/\(modality)" }

  package init(system: String, layer: Int, modality: String, counts: [Int]) {
    self.system = system
    self.layer = layer
    self.modality = modality
    self.counts = counts
  }
}

/// One prompt as the unified model reads it.
package struct StreamRecord: Codable, Sendable, Equatable {
  package struct Token: Codable, Sendable, Equatable {
    package var modality: String
    package var piece: String

    package init(modality: String, piece: String) {
      self.modality = modality
      self.piece = piece
    }
  }

  package var system: String
  package var example: String
  package var tokens: [Token]

  package var key: String { "stream/\(system)/\(example)" }

  package init(system: String, example: String, tokens: [Token]) {
    self.system = system
    self.example = example
    self.tokens = tokens
  }
}
