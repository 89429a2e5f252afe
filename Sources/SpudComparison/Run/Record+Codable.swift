extension Record: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind
    case record
  }

  private enum Kind: String, Codable {
    case answer
    case decode
    case space
    case routing
    case stream
    case memory
    case agent
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self =
      switch try container.decode(Kind.self, forKey: .kind) {
      case .answer: .answer(try container.decode(AnswerRecord.self, forKey: .record))
      case .decode: .decode(try container.decode(DecodeRecord.self, forKey: .record))
      case .space: .space(try container.decode(SpaceRecord.self, forKey: .record))
      case .routing: .routing(try container.decode(RoutingRecord.self, forKey: .record))
      case .stream: .stream(try container.decode(StreamRecord.self, forKey: .record))
      case .memory: .memory(try container.decode(MemoryRecord.self, forKey: .record))
      case .agent: .agent(try container.decode(AgentRecord.self, forKey: .record))
      }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .answer(let record):
      try container.encode(Kind.answer, forKey: .kind)
      try container.encode(record, forKey: .record)
    case .decode(let record):
      try container.encode(Kind.decode, forKey: .kind)
      try container.encode(record, forKey: .record)
    case .space(let record):
      try container.encode(Kind.space, forKey: .kind)
      try container.encode(record, forKey: .record)
    case .routing(let record):
      try container.encode(Kind.routing, forKey: .kind)
      try container.encode(record, forKey: .record)
    case .stream(let record):
      try container.encode(Kind.stream, forKey: .kind)
      try container.encode(record, forKey: .record)
    case .memory(let record):
      try container.encode(Kind.memory, forKey: .kind)
      try container.encode(record, forKey: .record)
    case .agent(let record):
      try container.encode(Kind.agent, forKey: .kind)
      try container.encode(record, forKey: .record)
    }
  }
}
