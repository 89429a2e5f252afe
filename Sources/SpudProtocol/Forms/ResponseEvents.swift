package import SpudTensors

/// Turns the events of an answer into those of `/v1/responses`, in their full order: created, in progress; for each
/// item added, its parts, its deltas, done; completed. Each has a number, increasing by one.
package struct ResponseEvents: Sendable {
  package typealias Event = (name: String, data: JSONValue)

  private enum Item: Sendable, Equatable { case message, reasoning, call(name: String, id: String) }

  package let id: String
  package let model: String
  package let created: Int
  private let echo: ResponseRequest.Echo
  private var sequence = 0
  private var open: Item?
  /// What the open item says so far.
  private var text = ""
  private var items: [JSONValue] = []

  /// - Parameter echo: What the answer repeats of the request.
  package init(id: String, model: String, created: Int, echo: ResponseRequest.Echo = .init()) {
    (self.id, self.model, self.created, self.echo) = (id, model, created, echo)
  }

  /// The first two events.
  package mutating func start() -> [Event] {
    [event("response.created", [("response", response("in_progress"))])]
      + [event("response.in_progress", [("response", response("in_progress"))])]
  }

  package mutating func events(of events: [AnswerEvent], makeID: (Int) -> String) -> [Event] {
    var result: [Event] = []
    for event in events {
      switch event {
      case .content(let part):
        if open != .message { result += close() + begin(.message) }
        result.append(delta("response.output_text.delta", part))
      case .reasoning(let part):
        if open != .reasoning { result += close() + begin(.reasoning) }
        result.append(delta("response.reasoning_text.delta", part))
      case .callStarted(let index, let name, let given):
        result += close() + begin(.call(name: name, id: given ?? makeID(index)))
      case .callArguments(_, let part): result.append(delta("response.function_call_arguments.delta", part))
      case .callEnded: result += close()
      case .medium: break  // An answer of words was asked for: the form has no place for media.
      }
    }
    return result
  }

  /// The event of a stream that ends because something went wrong.
  package mutating func failure(_ error: APIError) -> Event {
    event(
      "error",
      [("code", .text(error.code)), ("message", .string(error.message)), ("param", .text(error.parameter))])
  }

  /// The last events.
  package mutating func end(_ reason: FinishReason, _ usage: Usage) -> [Event] {
    let isWhole = reason != .length
    let name = isWhole ? "response.completed" : "response.incomplete"
    return close() + [event(name, [("response", response(isWhole ? "completed" : "incomplete", usage))])]
  }

  private var itemID: String { "\(id)_\(items.count)" }

  private mutating func begin(_ item: Item) -> [Event] {
    open = item
    text = ""
    var events = [event("response.output_item.added", [place, ("item", describe(item, "in_progress"))])]
    if let part = part(item) { events.append(event("response.content_part.added", position + [("part", part)])) }
    return events
  }

  private mutating func close() -> [Event] {
    guard let item = open else { return [] }
    var events: [Event] = []
    switch item {
    case .message:
      events.append(event("response.output_text.done", position + [("text", .string(text)), ("logprobs", .array([]))]))
    case .reasoning: events.append(event("response.reasoning_text.done", position + [("text", .string(text))]))
    case .call(let name, _):
      events.append(
        event(
          "response.function_call_arguments.done",
          [("item_id", .string(itemID)), place, ("name", .string(name)), ("arguments", .string(text))]))
    }
    if let part = part(item) { events.append(event("response.content_part.done", position + [("part", part)])) }
    let done = describe(item, "completed")
    events.append(event("response.output_item.done", [place, ("item", done)]))
    items.append(done)
    open = nil
    return events
  }

  private mutating func delta(_ name: String, _ part: String) -> Event {
    text += part
    if case .call = open { return event(name, [("item_id", .string(itemID)), place, ("delta", .string(part))]) }
    let probabilities: [(String, JSONValue)] = open == .message ? [("logprobs", .array([]))] : []
    return event(name, position + [("delta", .string(part))] + probabilities)
  }

  private var place: (String, JSONValue) { ("output_index", .number(items.count)) }
  private var position: [(String, JSONValue)] {
    [("item_id", .string(itemID)), place, ("content_index", .number(0))]
  }

  private mutating func event(_ name: String, _ members: [(String, JSONValue)]) -> Event {
    defer { sequence += 1 }
    let head: [(String, JSONValue)] = [("type", .string(name)), ("sequence_number", .number(sequence))]
    return (name, .object(JSONObject(head + members)))
  }

  /// The part of an item that holds its text; a call has none.
  private func part(_ item: Item) -> JSONValue? {
    switch item {
    case .message:
      .object(
        JSONObject([
          ("type", .string("output_text")), ("text", .string(text)), ("annotations", .array([])),
          ("logprobs", .array([])),
        ]))
    case .reasoning: .object(JSONObject([("type", .string("reasoning_text")), ("text", .string(text))]))
    case .call: nil
    }
  }

  private func describe(_ item: Item, _ status: String) -> JSONValue {
    var members: [(String, JSONValue)] = [("id", .string(itemID)), ("status", .string(status))]
    let parts: [JSONValue] = status == "completed" ? part(item).map { [$0] } ?? [] : []
    switch item {
    case .message:
      members += [("type", .string("message")), ("role", .string("assistant")), ("content", .array(parts))]
    case .reasoning:
      members += [("type", .string("reasoning")), ("summary", .array([])), ("content", .array(parts))]
    case .call(let name, let id):
      members += [
        ("type", .string("function_call")), ("call_id", .string(id)), ("name", .string(name)),
        ("arguments", .string(text)),
      ]
    }
    return .object(JSONObject(members))
  }

  private func response(_ status: String, _ usage: Usage? = nil) -> JSONValue {
    let why = JSONValue.object(JSONObject([("reason", .string("max_output_tokens"))]))
    let members: [(String, JSONValue)] = [
      ("id", .string(id)), ("object", .string("response")), ("created_at", .number(created)),
      ("status", .string(status)),
      ("error", .null), ("incomplete_details", status == "incomplete" ? why : .null),
      ("instructions", echo.instructions), ("max_output_tokens", echo.maximumTokens), ("metadata", echo.metadata),
      ("model", .string(model)), ("output", .array(items)), ("parallel_tool_calls", .bool(echo.allowsParallelCalls)),
      ("previous_response_id", .null), ("reasoning", .members(["effort": .null, "summary": .null])),
      ("store", .bool(false)), ("temperature", echo.temperature), ("text", .members(["format": echo.format])),
      ("tool_choice", echo.toolChoice), ("tools", echo.tools), ("top_p", echo.topP),
      ("truncation", .string("disabled")), ("usage", usage.map(Self.usage) ?? .null),
    ]
    return .object(JSONObject(members))
  }

  private static func usage(_ usage: Usage) -> JSONValue {
    let cached = JSONValue.object(
      JSONObject([("cached_tokens", .number(usage.cached))] + usage.prompt.details))
    let reasoning = JSONValue.object(JSONObject([("reasoning_tokens", .number(usage.reasoning))]))
    return .object(
      JSONObject([
        ("input_tokens", .number(usage.prompt.total)), ("input_tokens_details", cached),
        ("output_tokens", .number(usage.answer.total)), ("output_tokens_details", reasoning),
        ("total_tokens", .number(usage.prompt.total + usage.answer.total)),
      ]))
  }
}
