#if Server
internal import HTTPTypes

/// Which web pages may ask: those that this server gave itself, and those of the origins that are named.
struct Origins: Sendable {
  let allowed: Set<String>
  /// Whether a request must call this machine by one of its own names: a page elsewhere can have its name stand for
  /// this machine, and would then be of the same origin.
  let requiresLocalName: Bool

  private static let localNames: Set = ["localhost", "127.0.0.1", "[::1]"]
  private static let headers: Set = [
    "accept", "authorization", "content-type", "x-api-key", "x-request-id", "idempotency-key", "user-agent",
  ]
  private static let headerPrefixes = ["x-stainless-", "openai-", "anthropic-"]

  /// Whether a request comes from a page that may ask, or from no page at all.
  func admits(_ request: HTTPRequest) -> Bool {
    let host = request.authority ?? ""
    if requiresLocalName, !host.isEmpty, !Self.localNames.contains(Self.name(of: host)) { return false }
    guard let origin = request.headerFields[.origin] else { return true }
    return allowed.contains(origin) || ["http://\(host)", "https://\(host)"].contains(origin)
  }

  /// What an answer to a page says of it; nothing where no page asks, or only one of this server's.
  func fields(for request: HTTPRequest) -> [(name: String, value: String)] {
    guard !allowed.isEmpty else { return [] }
    guard let origin = request.headerFields[.origin], allowed.contains(origin) else { return [("vary", "origin")] }
    return [
      ("vary", "origin"), ("access-control-allow-origin", origin),
      ("access-control-expose-headers", "x-request-id, retry-after"),
    ]
  }

  /// What an answer to the question of a browser says, whether it may ask; nil if it may not.
  func preflight(_ request: HTTPRequest) -> [(name: String, value: String)]? {
    guard let origin = request.headerFields[.origin], allowed.contains(origin) else { return nil }
    let asked = (request.headerFields[.accessControlRequestHeaders] ?? "").split(separator: ",")
      .map { $0.filter { !$0.isWhitespace }.lowercased() }
    let granted = asked.filter { name in
      Self.headers.contains(name) || Self.headerPrefixes.contains { name.hasPrefix($0) }
    }
    var fields =
      self.fields(for: request) + [
        ("access-control-allow-methods", "GET, POST, OPTIONS"),
        ("access-control-allow-headers", granted.joined(separator: ", ")), ("access-control-max-age", "600"),
      ]
    if let name = HTTPField.Name("access-control-request-private-network"), request.headerFields[name] == "true" {
      fields.append(("access-control-allow-private-network", "true"))
    }
    return fields
  }

  /// A host without its port.
  private static func name(of authority: String) -> String {
    guard let colon = authority.lastIndex(of: ":"), authority[colon...].dropFirst().allSatisfy(\.isNumber) else {
      return authority.lowercased()
    }
    return authority[..<colon].lowercased()
  }
}
#endif
