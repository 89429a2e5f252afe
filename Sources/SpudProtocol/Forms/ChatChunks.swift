package import SpudTensors

/// Why an answer ended, in OpenAI's words.
package enum FinishReason: String, Sendable {
  case stop, length
  case toolCalls = "tool_calls"
}

/// Turns the events of one choice of an answer into the chunks of a stream.
///
/// The first chunk says who speaks. A call's first delta has its index, id, type, name and empty arguments, later ones
/// only its index and a part of the arguments; no delta is empty. `usage` is in every chunk as null and in one last
/// chunk without choices, if the request asked for it, and nowhere otherwise.
package struct ChatChunks: Sendable {
  package let id: String
  package let model: String
  /// Seconds since 1970.
  package let created: Int
  package let includesUsage: Bool
  private var hasStarted: Set<Int> = []

  package init(id: String, model: String, created: Int, includesUsage: Bool) {
    (self.id, self.model, self.created, self.includesUsage) = (id, model, created, includesUsage)
  }

  /// The chunks of some events.
  ///
  /// - Parameters:
  ///   - logprobs: Of the ids that the events come of; nil without them.
  ///   - makeID: Gives a call an id if the model gave none.
  package mutating func chunks(
    of events: [AnswerEvent], choice: Int = 0, logprobs: JSONValue? = nil, makeID: (Int) -> String
  ) -> [JSONValue] {
    var chunks = start(choice)
    // Ids that complete no text have a chunk of their own: none is left out.
    var logprobs = logprobs
    if let own = logprobs, events.isEmpty {
      return chunks + [chunk(choice, [("content", .string(""))], logprobs: own)]
    }
    for event in events {
      switch event {
      case .content(let text):
        chunks.append(chunk(choice, [("content", .string(text))], logprobs: logprobs ?? .null))
        logprobs = nil
      case .reasoning(let text): chunks.append(chunk(choice, [("reasoning_content", .string(text))]))
      case .callStarted(let index, let name, let given):
        let function = JSONValue.object(JSONObject([("name", .string(name)), ("arguments", .string(""))]))
        let call: [(String, JSONValue)] = [
          ("index", .number(index)), ("id", .string(given ?? makeID(index))), ("type", .string("function")),
          ("function", function),
        ]
        chunks.append(chunk(choice, [("tool_calls", .array([.object(JSONObject(call))]))]))
      case .callArguments(let index, let part):
        let function = JSONValue.object(JSONObject([("arguments", .string(part))]))
        let call: [(String, JSONValue)] = [("index", .number(index)), ("function", function)]
        chunks.append(chunk(choice, [("tool_calls", .array([.object(JSONObject(call))]))]))
      case .callEnded: break
      case .medium(let medium):
        chunks.append(chunk(choice, [ChatBody.member(of: medium, id: id)]))
      }
    }
    return chunks
  }

  /// A chunk of ids, beside the text that they are: an empty delta with `tokens`.
  package mutating func tokens(_ tokens: [JSONValue], choice: Int = 0) -> [JSONValue] {
    start(choice) + [chunk(choice, [("content", .string(""))]).adding(["tokens": .array(tokens)])]
  }

  /// The chunk that ends a choice.
  ///
  /// - Parameters:
  ///   - timings: How long the answer took.
  ///   - remarks: What the client should be told about it.
  package mutating func end(
    _ reason: FinishReason, choice: Int = 0, timings: AnswerTimings? = nil, remarks: [String] = []
  ) -> [JSONValue] {
    let last = chunk(choice, [], finish: .string(reason.rawValue))
    return start(choice) + [last.adding(["timings": timings?.json, "remarks": ChatBody.remarks(remarks)])]
  }

  /// The last chunk of all, if usage was asked for.
  package func usage(_ usage: Usage) -> [JSONValue] {
    includesUsage ? [frame(choices: [], usage: usage.openAI)] : []
  }

  private mutating func start(_ choice: Int) -> [JSONValue] {
    guard hasStarted.insert(choice).inserted else { return [] }
    return [chunk(choice, [("role", .string("assistant")), ("content", .string(""))])]
  }

  private func chunk(
    _ choice: Int, _ delta: [(String, JSONValue)], logprobs: JSONValue = .null, finish: JSONValue = .null
  ) -> JSONValue {
    let members: [(String, JSONValue)] = [
      ("index", .number(choice)), ("delta", .object(JSONObject(delta))), ("logprobs", logprobs),
      ("finish_reason", finish),
    ]
    return frame(choices: [.object(JSONObject(members))], usage: .null)
  }

  private func frame(choices: [JSONValue], usage: JSONValue) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("id", .string(id)), ("object", .string("chat.completion.chunk")), ("created", .number(created)),
      ("model", .string(model)), ("choices", .array(choices)),
    ]
    if includesUsage { members.append(("usage", usage)) }
    return .object(JSONObject(members))
  }
}
