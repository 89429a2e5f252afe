#if Server
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import SpudProtocol

/// Takes one request from its head to the last byte of its answer.
struct Responder: Sendable {
  let server: ServerContext

  /// A request that may be answered, and by what.
  private struct Admitted {
    var route: Route
    var incoming: Incoming
  }

  @concurrent
  func respond(_ request: HummingbirdCore.Request, _ writer: consuming ResponseWriter, _ channel: any Channel)
    async throws
  {
    let start = ContinuousClock.now
    let peer = try await Peer.of(channel)
    let exchange = Exchange()
    let number = server.lifecycle.add(exchange)
    peer.whenGone { exchange.abandon() }
    defer {
      peer.whenGone(nil)
      server.lifecycle.remove(number)
    }
    let path = request.uri.path
    // A model's name is part of a path.
    let name = path.hasPrefix(Route.model.prefix) ? Route.model.path : path
    let paths = server.routes[name]
    var entry = AccessLog.Entry(method: request.method.rawValue, path: path, id: Self.id(of: request.head))
    let form = paths?.values.first?.form ?? .openAI
    var fields = server.origins.fields(for: request.head) + [("x-request-id", entry.id)]
    var reply: Reply
    do {
      if request.method == .options {
        reply = try preflight(request.head, isKnown: paths != nil)
      } else {
        let route = try route(request, paths)
        entry.tenant = try admit(request.head, route)
        if request.headers[.expect]?.lowercased() == "100-continue" {
          try await writer.writeInformationalHead(.init(status: .continue))
        }
        let body = try await body(of: request)
        let incoming = Incoming(
          method: request.method.rawValue, path: path, headers: request.headers, id: entry.id, tenant: entry.tenant,
          body: body)
        let server = server
        reply = try await exchange.make { try await route.answer(server, incoming) }
      }
    } catch {
      reply = .body(form.body(APIError(error)))
    }
    if server.lifecycle.isDraining { fields.append(("connection", "close")) }

    do {
      try await write(reply, fields, form, exchange, channel, isHead: request.method == .head, &entry, writer)
    } catch {
      // The connection is closed; what was asked is still told.
      record(&entry, exchange, start, route: paths == nil ? "other" : name)
      throw error
    }
    record(&entry, exchange, start, route: paths == nil ? "other" : name)
  }

  private func record(
    _ entry: inout AccessLog.Entry, _ exchange: Exchange, _ start: ContinuousClock.Instant, route: String
  ) {
    if exchange.ending?.code == "client_gone" {
      entry.status = 499
      entry.note = "client gone"
    }
    entry.duration = start.duration(to: .now)
    server.log.record(entry)
    server.count(entry, route: route)
  }

  @concurrent
  private func write(
    _ reply: Reply, _ fields: [(name: String, value: String)], _ form: ErrorForm, _ exchange: Exchange,
    _ channel: any Channel, isHead: Bool, _ entry: inout AccessLog.Entry, _ writer: consuming ResponseWriter
  ) async throws {
    switch reply {
    case .body(let body):
      entry.status = body.status
      try await send(body, fields, isHead: isHead, writer)
    case .stream(let type, let produce):
      let outbox = exchange.begin(produce)
      let watcher = Task { await exchange.watch(outbox, on: channel) }
      defer { watcher.cancel() }
      let first: [UInt8]
      do {
        // What goes wrong before anything was sent has a status of its own.
        first = try await outbox.next() ?? []
      } catch {
        let body = form.body(APIError(error))
        entry.status = body.status
        return try await send(body, fields, isHead: false, writer)
      }
      entry.status = 200
      let head = self.head(200, type, fields + [("cache-control", "no-store"), ("x-accel-buffering", "no")])
      entry.note = try await stream(first, from: outbox, exchange, form, head, writer)
    }
  }

  // MARK: Before the answer

  private func preflight(_ head: HTTPRequest, isKnown: Bool) throws -> Reply {
    guard isKnown else { throw Self.notFound(head.path ?? "") }
    guard let fields = server.origins.preflight(head) else {
      throw APIError(403, "pages of this origin may not ask here: --allow-origin lets them")
    }
    return .body(.init(status: 204, type: "", headers: fields))
  }

  private func route(_ request: HummingbirdCore.Request, _ paths: [String: Route]?) throws -> Route {
    guard let paths else { throw Self.notFound(request.uri.path) }
    let method = request.method == .head ? "GET" : request.method.rawValue
    guard let route = paths[method] else {
      throw APIError(
        405,
        "\(request.method.rawValue) does not go with \(request.uri.path), but "
          + "\(paths.keys.sorted().joined(separator: ", ")) does"
      )
    }
    guard server.origins.admits(request.head) else {
      throw APIError(403, "pages of this origin may not ask here: --allow-origin lets them")
    }
    guard !server.lifecycle.isDraining || !route.computes else {
      throw APIError(503, "the server is shutting down", code: "shutting_down", retryAfter: 5)
    }
    return route
  }

  private static func notFound(_ path: String) -> APIError {
    APIError(404, "there is nothing at \(path.prefix(120))", code: "unknown_url")
  }

  /// Whose request it is.
  ///
  /// - Throws: `APIError` (401, 429).
  private func admit(_ head: HTTPRequest, _ route: Route) throws -> String {
    guard route.needsKey else { return "" }
    var tenant = ""
    if let keys = server.keys {
      let bearer = head.headerFields[.authorization].flatMap { text -> String? in
        text.lowercased().hasPrefix("bearer ") ? String(text.dropFirst("bearer ".count)) : nil
      }
      let given = bearer ?? HTTPField.Name("x-api-key").flatMap { head.headerFields[$0] }
      guard let given else {
        throw APIError(401, "a key is needed: send it as 'Authorization: Bearer KEY'", code: "missing_api_key")
      }
      guard let found = keys.tenant(of: given) else {
        throw APIError(401, "this key is not known here", code: "invalid_api_key")
      }
      tenant = found
    }
    if route.computes, let seconds = server.limiter.take(tenant) {
      throw APIError(
        429, "too many requests: the next may come in \(seconds) s", code: "rate_limit_exceeded", retryAfter: seconds)
    }
    return tenant
  }

  private func body(of request: HummingbirdCore.Request) async throws -> [UInt8] {
    guard request.method == .post else { return [] }
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw APIError(415, "the body is encoded as '\(encoding.prefix(40))', but only plain ones are read")
    }
    let limit = server.bodyLimit
    if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit {
      throw Self.tooLarge("\(announced) bytes", limit)
    }
    do {
      let buffer = try await request.body.collect(upTo: limit)
      return Array(buffer: buffer)
    } catch is NIOTooManyBytesError {
      throw Self.tooLarge("more", limit)
    } catch  where !(error is CancellationError) {
      throw APIError(400, "the body ended before its end", code: "incomplete_body")
    }
  }

  private static func tooLarge(_ found: String, _ limit: Int) -> APIError {
    APIError(413, "the body holds \(found), but the limit is \(limit) bytes (--body-limit)", code: "body_too_large")
  }

  // MARK: The answer

  private func head(_ status: Int, _ type: String, _ fields: [(name: String, value: String)]) -> HTTPResponse {
    var response = HTTPResponse(status: .init(code: status))
    if !type.isEmpty { response.headerFields[.contentType] = type }
    for field in fields { if let name = HTTPField.Name(field.name) { response.headerFields[name] = field.value } }
    return response
  }

  @concurrent
  private func send(
    _ body: Reply.Body, _ fields: [(name: String, value: String)], isHead: Bool, _ writer: consuming ResponseWriter
  ) async throws {
    var head = head(body.status, body.type, fields + body.headers)
    if body.status != 204 { head.headerFields[.contentLength] = "\(body.bytes.count)" }
    if isHead || body.status == 204 { return try await writer.writeResponse(head) }
    try await writer.write(response: head, body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
  }

  /// Writes a stream.
  ///
  /// - Returns: Why it ended early; empty if it did not.
  @concurrent
  private func stream(
    _ first: [UInt8], from outbox: Outbox, _ exchange: Exchange, _ form: ErrorForm, _ head: HTTPResponse,
    _ writer: consuming ResponseWriter
  ) async throws -> String {
    do {
      var body = try await writer.writeHead(head)
      var next: [UInt8]? = first
      var failure: APIError?
      while let bytes = next {
        exchange.note(writingSince: .now)
        try await body.write(ByteBuffer(bytes: bytes))
        exchange.note(writingSince: nil)
        if failure != nil { break }
        do {
          next = try await outbox.next()
        } catch {
          let error = exchange.ending ?? APIError(error)
          failure = error
          next = form.event(error)
        }
      }
      try await body.finish(nil)
      return failure.map { $0.code ?? "error \($0.status)" } ?? ""
    } catch {
      exchange.abandon()
      throw error
    }
  }

  private static func id(of head: HTTPRequest) -> String {
    if let name = HTTPField.Name("x-request-id"), let given = head.headerFields[name], (1...64).contains(given.count),
      given.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
    {
      return given
    }
    return Identifier.make("req")
  }
}
#endif
