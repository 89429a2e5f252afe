internal import SpudErrors

/// An answer of HTTP/1.1, as far as it has come.
struct HTTPAnswer {
  let status: Int
  /// The body, its chunks put together.
  let body: [UInt8]

  /// An answer; nil where it has not come whole. One that says neither how long it is nor that it comes in chunks ends
  /// with its connection.
  ///
  /// - Throws: `badData` where it is none.
  init?(_ bytes: [UInt8], isClosed: Bool) throws {
    let end = Array("\r\n\r\n".utf8)
    guard let headEnd = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else {
      guard isClosed else { return nil }
      throw bytes.isEmpty ? Self.cut : Self.damaged
    }
    let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n").map(String.init)
    let parts = (lines.first ?? "").split(separator: " ")
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else { throw Self.damaged }
    self.status = status
    let rest = bytes[(headEnd + 4)...]
    func field(_ name: String) -> String? {
      lines.first { $0.lowercased().hasPrefix(name + ":") }
        .map { $0.dropFirst(name.count + 1).drop { $0 == " " }.lowercased() }
    }
    if field("transfer-encoding")?.contains("chunked") == true {
      guard let joined = try Self.joined(rest) else {
        guard isClosed else { return nil }
        throw Self.cut
      }
      body = joined
    } else if let text = field("content-length") {
      guard let count = Int(text), count >= 0 else { throw Self.damaged }
      guard rest.count >= count else {
        guard isClosed else { return nil }
        throw Self.cut
      }
      body = Array(rest.prefix(count))
    } else {
      guard isClosed else { return nil }
      body = Array(rest)
    }
  }

  /// Chunks put together; nil where the last has not come.
  private static func joined(_ body: ArraySlice<UInt8>) throws -> [UInt8]? {
    var made: [UInt8] = []
    var rest = body
    while true {
      guard let line = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      let text = String(decoding: rest[..<line], as: UTF8.self).prefix { $0 != ";" && $0 != "\r" && $0 != "\r\n" }
      guard let count = Int(text, radix: 16), (0...1 << 30).contains(count) else { throw damaged }
      rest = rest[(line + 1)...]
      if count == 0 { return made }
      guard rest.count >= count + 2 else { return nil }
      made += rest.prefix(count)
      rest = rest.dropFirst(count + 2)
    }
  }

  private static var damaged: SpudError { SpudError(.badData, "the model's server does not speak HTTP/1.1") }
  private static var cut: SpudError { SpudError(.unavailable, "the model's server ended the connection early") }
}
