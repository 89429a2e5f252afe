internal import SpudErrors
internal import SpudSupport

/// A portal for a person's browser, on this machine alone. One request at a time.
package final class PortalServer {
  private let portal: Portal
  private let socket: StreamSocket
  package let port: UInt16

  /// - Throws: `io` where the port is taken.
  package init(_ portal: Portal, port: UInt16) throws {
    self.portal = portal
    socket = try StreamSocket.listener(port: port)
    self.port = socket.port
  }

  /// Answers requests until `isOver` says so.
  package func serve(until isOver: () -> Bool) {
    while !isOver() {
      guard let connection = socket.accept(within: 0.2) else { continue }
      // What one connection does wrong is no matter of the next.
      try? answer(connection)
    }
  }

  private func answer(_ connection: StreamSocket) throws {
    var bytes: [UInt8] = []
    let end = Array("\r\n\r\n".utf8)
    var headEnd: Int?
    while headEnd == nil {
      let more = try connection.read(within: 5)
      guard !more.isEmpty, bytes.count + more.count <= 16 << 10 else { return }
      bytes += more
      headEnd = bytes.indices.first { bytes[$0...].starts(with: end) }
    }
    guard let headEnd else { return }
    let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n").map(String.init)
    let first = (lines.first ?? "").split(separator: " ").map(String.init)
    let fields = Dictionary(
      lines.dropFirst().compactMap { line -> (String, String)? in
        let pair = line.split(separator: ":", maxSplits: 1).map(String.init)
        return pair.count == 2 ? (pair[0].lowercased(), pair[1].trimmed) : nil
      }
    ) { first, _ in first }
    let hosts = ["127.0.0.1:\(port)", "localhost:\(port)"]
    guard first.count == 3, hosts.contains(fields["host"] ?? "") else {
      return try send(400, "", to: connection)
    }
    guard first[0] == "POST" else {
      guard first[0] == "GET" else { return try send(405, "", to: connection) }
      return try reply(first[1], nil, connection)
    }
    // A page of somebody else may not send a form here.
    if let origin = fields["origin"], !hosts.contains(where: { origin == "http://\($0)" }) {
      return try send(403, "", to: connection)
    }
    guard let length = Int(fields["content-length"] ?? "0"), (0...(64 << 10)).contains(length) else {
      return try send(413, "", to: connection)
    }
    var body = Array(bytes[(headEnd + 4)...])
    while body.count < length {
      let more = try connection.read(within: 5)
      guard !more.isEmpty else { return }
      body += more
    }
    try reply(first[1], String(decoding: body.prefix(length), as: UTF8.self), connection)
  }

  private func reply(_ path: String, _ body: String?, _ connection: StreamSocket) throws {
    let reply = try portal.reply(to: path, body: body)
    try send(reply.status, reply.page.html, to: connection)
  }

  private func send(_ status: Int, _ html: String, to connection: StreamSocket) throws {
    let body = Array(html.utf8)
    let head = """
      HTTP/1.1 \(status) -\r
      Content-Type: text/html; charset=utf-8\r
      Content-Length: \(body.count)\r
      Cache-Control: no-store\r
      Connection: close\r
      \r

      """
    try connection.write(Array(head.utf8) + body, within: 5)
  }
}
