internal import Foundation
internal import SpudErrors
internal import SpudSupport
internal import SpudTensors

/// A model behind an address in OpenAI's form, on this machine.
///
/// Plain HTTP to the loopback address only: what is far away is reached through a proxy that a person puts there.
package struct ChatModel: ToolModel {
  private let port: UInt16
  private let path: String
  private let name: String
  private let key: String?
  /// Seconds until an answer must have begun, and between two parts of it.
  package var seconds = 600.0
  /// Ends the waiting for an answer.
  package var isInterrupted: @Sendable () -> Bool = { false }

  /// - Parameters:
  ///   - address: such as `http://127.0.0.1:8080/v1`.
  ///   - model: its name there.
  ///   - key: sent as a bearer token; nil for none.
  /// - Throws: `usage` where the address is none of this machine.
  package init(address: String, model: String, key: String? = nil) throws {
    guard let url = URL(string: address), url.scheme == "http", ["127.0.0.1", "localhost"].contains(url.host() ?? ""),
      let port = url.port.flatMap(UInt16.init(exactly:))
    else {
      throw SpudError(.usage, "the model's address is '\(address)', expected http://127.0.0.1:PORT/v1")
    }
    self.port = port
    path = (url.path().hasSuffix("/") ? String(url.path().dropLast()) : url.path()) + "/chat/completions"
    name = model
    self.key = key
  }

  package mutating func answer(
    _ messages: [ToolMessage], tools: [DeclaredTool]
  ) throws -> (text: String, calls: [ToolRequest]) {
    let body = JSONValue.object(
      JSONObject([
        ("model", .string(name)), ("messages", .array(messages.map(Self.message))),
        ("tools", .array(tools.map(\.schema))), ("temperature", .number(0)),
      ]))
    let answer = try post(body.serialized)
    guard answer.status == 200 else {
      let json = try? JSONValue(parsing: answer.body, name: "the model's answer")
      let words = json?["error"]?["message"]?.string ?? ""
      let isTooLong = answer.status == 400 && words.contains("context")
      if json?["error"]?["code"]?.string == "context_length_exceeded" || isTooLong { throw ContextFull() }
      let message = "127.0.0.1:\(port): the model's server says: status \(answer.status)"
      throw SpudError(.unavailable, words.isEmpty ? message : "\(message), \(words.prefix(300))")
    }
    let json = try JSONValue(parsing: answer.body, name: "the model's answer")
    guard let choice = json["choices"]?.array?.first, let message = choice["message"] else {
      throw SpudError(.badData, "127.0.0.1:\(port): an answer without a message")
    }
    let parts = message["content"]?.array?.compactMap { $0["text"]?.string }
    let text = message["content"]?.string ?? parts?.joined() ?? ""
    // What was cut may be a call with half of its arguments.
    if choice["finish_reason"]?.string == "length" { throw AnswerCut(text: text) }
    let calls = (message["tool_calls"]?.array ?? []).enumerated().map { number, call in
      let text = call["function"]?["arguments"]?.string ?? ""
      return ToolRequest(
        id: call["id"]?.string ?? "call-\(number)", name: call["function"]?["name"]?.string ?? "",
        arguments: (try? JSONValue(parsing: text, name: "arguments")) ?? .string(text))
    }
    return (text, calls)
  }

  private static func message(_ message: ToolMessage) -> JSONValue {
    func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
    switch message {
    case .system(let text): return object([("role", .string("system")), ("content", .string(text))])
    case .user(let text): return object([("role", .string("user")), ("content", .string(text))])
    case .tool(let id, let text):
      return object([("role", .string("tool")), ("tool_call_id", .string(id)), ("content", .string(text))])
    case .assistant(let text, let calls):
      let made = calls.map { call in
        object([
          ("id", .string(call.id)), ("type", .string("function")),
          (
            "function",
            object([
              ("name", .string(call.name)),
              ("arguments", .string(String(decoding: call.arguments.serialized, as: UTF8.self))),
            ])
          ),
        ])
      }
      return object(
        [("role", .string("assistant")), ("content", .string(text))]
          + (made.isEmpty ? [] : [("tool_calls", .array(made))]))
    }
  }

  /// Sends a request and reads its answer.
  private func post(_ body: [UInt8]) throws -> HTTPAnswer {
    let socket = try StreamSocket.connection(toPort: port)
    let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    let head =
      "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n\(authorization)"
      + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
    try socket.write(Array(head.utf8) + body, within: 30)
    var bytes: [UInt8] = []
    while true {
      let deadline = ContinuousClock.now + .seconds(seconds)
      while !socket.hasInput(within: 0.1) {
        guard !isInterrupted() else { throw CancellationError() }
        guard ContinuousClock.now < deadline else {
          throw SpudError(.unavailable, "127.0.0.1:\(port): the model's server said nothing for \(Int(seconds)) s")
        }
      }
      let more = try socket.read(within: 1)
      bytes += more
      if let answer = try HTTPAnswer(bytes, isClosed: more.isEmpty) { return answer }
      guard bytes.count <= 32 << 20 else { throw SpudError(.badData, "the model's answer is longer than 32 MiB") }
    }
  }
}
