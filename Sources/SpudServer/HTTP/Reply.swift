#if Server
internal import SpudErrors
internal import SpudProtocol
internal import SpudTensors

/// What a request is answered with.
enum Reply: Sendable {
  struct Body: Sendable {
    var status = 200
    var type = "application/json"
    var bytes: [UInt8] = []
    var headers: [(name: String, value: String)] = []
  }

  case body(Body)
  /// Events, as they are made; what goes wrong before the first is answered as if nothing had begun.
  case stream(type: String, @Sendable (Outbox) async throws -> Void)

  static func json(_ value: JSONValue, status: Int = 200) -> Reply {
    .body(Body(status: status, bytes: value.serialized))
  }

  static func text(_ text: String, type: String) -> Reply { .body(Body(type: type, bytes: Array(text.utf8))) }

  static func events(_ body: @escaping @Sendable (Outbox) async throws -> Void) -> Reply {
    .stream(type: "text/event-stream; charset=utf-8", body)
  }
}

/// Whose form errors have.
enum ErrorForm: Sendable {
  case openAI, anthropic, responses

  /// The body of an answer that is an error.
  func body(_ error: APIError) -> Reply.Body {
    let json = self == .anthropic ? error.anthropic : error.openAI
    var body = Reply.Body(status: error.status, bytes: json.serialized)
    if let seconds = error.retryAfter { body.headers.append(("retry-after", "\(seconds)")) }
    if error.status == 401 { body.headers.append(("www-authenticate", "Bearer")) }
    return body
  }

  /// The last event of a stream in which something went wrong.
  func event(_ error: APIError) -> [UInt8] {
    switch self {
    case .openAI: ServerSentEvent.data(error.openAI)
    case .anthropic: ServerSentEvent.data(error.anthropic, name: "error")
    case .responses:
      ServerSentEvent.data(
        .members([
          "type": .string("error"), "code": .text(error.code), "message": .string(error.message),
          "param": .text(error.parameter), "sequence_number": .number(0),
        ]), name: "error")
    }
  }
}

extension APIError {
  /// Whatever went wrong, as a client is told it.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as SpudError:
      switch error.code {
      case .usage, .badData, .noInput: self.init(400, error.message, code: "invalid_value")
      case .unavailable: self.init(503, error.message, retryAfter: 5)
      case .internal, .io: self.init(500, error.message)
      }
    case is CancellationError: self.init(503, "the answer was cancelled", code: "cancelled", retryAfter: 1)
    default: self.init(500, "something went wrong in the server")
    }
  }
}
#endif
