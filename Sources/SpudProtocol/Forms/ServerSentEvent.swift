package import SpudTensors

/// Events of a stream as the bytes that a client reads.
package enum ServerSentEvent {
  /// One event: perhaps its name, its data, and a blank line.
  package static func data(_ json: JSONValue, name: String? = nil) -> [UInt8] {
    (name.map { Array("event: \($0)\n".utf8) } ?? []) + Array("data: ".utf8) + json.serialized + [0x0A, 0x0A]
  }

  /// What ends a stream of OpenAI's.
  package static let done = Array("data: [DONE]\n\n".utf8)
  /// A comment, which keeps a connection alive and which clients skip.
  package static let ping = Array(": ping\n\n".utf8)
}
