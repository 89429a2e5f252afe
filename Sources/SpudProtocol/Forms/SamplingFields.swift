internal import SpudTensors

/// How tokens are to be chosen, as a request asks; nil where it does not say.
package struct SamplingFields: Sendable, Equatable {
  package var temperature: Double?
  package var topP: Double?
  package var topK: Int?
  package var minP: Double?
  package var seed: UInt64?
  package var stops: [String] = []
  package var frequencyPenalty: Double?
  package var presencePenalty: Double?
  package var repetitionPenalty: Double?
  /// What is added to the logits of ids.
  package var logitBias: [Int32: Double] = [:]
  package var ignoresEnd = false

  package init() {}

  init(_ fields: FieldReader) throws {
    temperature = try fields.double("temperature", in: 0...5)
    topP = try fields.double("top_p", in: 0...1)
    topK = try fields.int("top_k", in: 0...1_000_000)
    minP = try fields.double("min_p", in: 0...1)
    frequencyPenalty = try fields.double("frequency_penalty", in: -2...2)
    presencePenalty = try fields.double("presence_penalty", in: -2...2)
    repetitionPenalty = try fields.double("repetition_penalty", in: 0.01...10)
    ignoresEnd = try fields.bool("ignore_eos") ?? false
    seed = try Self.seed(fields)
    stops = try Self.stops(fields, "stop")
    if let bias = try fields.object("logit_bias") { logitBias = try Self.bias(bias, fields) }
  }

  static func seed(_ fields: FieldReader) throws -> UInt64? {
    guard let value = fields.value("seed") else { return nil }
    guard case .number(let digits) = value, let seed = UInt64(digits) ?? Int64(digits).map({ UInt64(bitPattern: $0) })
    else { throw fields.fail("seed", "must be an integer of 64 bits") }
    return seed
  }

  /// A stop string, or a list of them.
  static func stops(_ fields: FieldReader, _ name: String) throws -> [String] {
    var stops: [String] = []
    if let text = fields.value(name)?.string {
      stops = [text]
    } else if let items = try fields.array(name, limit: StopFilter.countLimit) {
      stops = try items.map { item in
        guard let text = item.string else { throw fields.fail(name, "holds \(item.kind), but must hold strings") }
        return text
      }
    }
    guard stops.allSatisfy({ (1...StopFilter.byteLimit).contains($0.utf8.count) }) else {
      throw fields.fail(name, "must hold strings of 1 to \(StopFilter.byteLimit) bytes")
    }
    return stops
  }

  private static func bias(_ bias: FieldReader, _ fields: FieldReader) throws -> [Int32: Double] {
    guard bias.object.count <= 1024 else { throw fields.fail("logit_bias", "has more than 1024 members") }
    var result: [Int32: Double] = [:]
    for member in bias.object.members {
      guard let id = Int32(member.key), id >= 0, let value = member.value.double, (-100...100).contains(value) else {
        throw fields.fail("logit_bias", "must give ids numbers from -100 to 100")
      }
      result[id] = value
    }
    return result
  }
}
