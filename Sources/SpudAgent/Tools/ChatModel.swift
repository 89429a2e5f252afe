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
    let (status, answer) = try post(body.serialized)
    let json = try JSONValue(parsing: answer, name: "the model's answer")
    guard status == 200 else {
      let message = json["error"]?["message"]?.string ?? "status \(status)"
      let code = json["error"]?["code"]?.string ?? ""
      if code == "context_length_exceeded" || message.contains("context") { throw ContextFull() }
      throw SpudError(.unavailable, "127.0.0.1:\(port): the model's server says: \(message.prefix(300))")
    }
    guard let message = json["choices"]?.array?.first?["message"] else {
      throw SpudError(.badData, "127.0.0.1:\(port): an answer without a message")
    }
    let calls = (message["tool_calls"]?.array ?? []).enumerated().map { number, call in
      let text = call["function"]?["arguments"]?.string ?? ""
      return ToolRequest(
        id: call["id"]?.string ?? "call-\(number)", name: call["function"]?["name"]?.string ?? "",
        arguments: (try? JSONValue(parsing: text, name: "arguments")) ?? .string(text))
    }
    return (message["content"]?.string ?? "", calls)
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

  /// Sends a request and reads its answer to the end.
  private func post(_ body: [UInt8]) throws -> (status: Int, body: [UInt8]) {
    let socket = try StreamSocket.connection(toPort: port)
    let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    let head =
      "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n\(authorization)"
      + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
    try socket.write(Array(head.utf8) + body, within: 30)
    var bytes: [UInt8] = []
    while true {
      let more = try socket.read(within: seconds)
      if more.isEmpty { break }
      bytes += more
      guard bytes.count <= 32 << 20 else { throw SpudError(.badData, "the model's answer is longer than 32 MiB") }
    }
    return try HTTPAnswer.parse(bytes)
  }
}
