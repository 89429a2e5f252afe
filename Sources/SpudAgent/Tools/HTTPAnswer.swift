internal import SpudErrors

/// An answer of HTTP/1.1 that was read to its end.
enum HTTPAnswer {
  /// The status and the body, its chunks put together.
  /// - Throws: `badData` where it is none.
  static func parse(_ bytes: [UInt8]) throws -> (status: Int, body: [UInt8]) {
    let end = Array("\r\n\r\n".utf8)
    guard let headEnd = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { throw damaged }
    let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
    let parts = (lines.first ?? "").split(separator: " ")
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else { throw damaged }
    let body = Array(bytes[(headEnd + 4)...])
    let isChunked = lines.contains {
      let line = $0.lowercased()
      return line.hasPrefix("transfer-encoding:") && line.contains("chunked")
    }
    return (status, isChunked ? try joined(body) : body)
  }

  private static func joined(_ body: [UInt8]) throws -> [UInt8] {
    var made: [UInt8] = []
    var rest = body[...]
    while true {
      guard let line = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw damaged }
      let text = String(decoding: rest[..<line], as: UTF8.self).prefix { $0 != ";" && $0 != "\r" && $0 != "\r\n" }
      guard let count = Int(text, radix: 16), count >= 0, count <= rest.count else { throw damaged }
      rest = rest[(line + 1)...]
      if count == 0 { return made }
      guard rest.count >= count + 2 else { throw damaged }
      made += rest.prefix(count)
      rest = rest.dropFirst(count + 2)
    }
  }

  private static var damaged: SpudError { SpudError(.badData, "the model's server does not speak HTTP/1.1") }
}
