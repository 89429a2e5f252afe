package import SpudTensors

/// A refusal as clients of OpenAI's and Anthropic's interfaces read it.
package struct APIError: Error, Sendable, Equatable {
  /// The HTTP status.
  package let status: Int
  /// One sentence.
  package let message: String
  /// The field of the request that is at fault.
  package let parameter: String?
  /// A word for programs, such as `context_length_exceeded`.
  package let code: String?
  /// Seconds after which to ask again.
  package let retryAfter: Int?

  package init(
    _ status: Int, _ message: String, parameter: String? = nil, code: String? = nil, retryAfter: Int? = nil
  ) {
    self.status = status
    self.message = message
    self.parameter = parameter
    self.code = code
    self.retryAfter = retryAfter
  }

  package static func invalid(_ message: String, parameter: String) -> APIError {
    APIError(400, message, parameter: parameter, code: "invalid_value")
  }

  private var type: String {
    switch status {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 413: "request_too_large"
    case 429: "rate_limit_error"
    case 400..<500: "invalid_request_error"
    default: "api_error"
    }
  }

  /// OpenAI's form, with all four members.
  package var openAI: JSONValue {
    let error: [(String, JSONValue)] = [
      ("message", .string(message)), ("type", .string(type)), ("param", parameter.map { .string($0) } ?? .null),
      ("code", code.map { .string($0) } ?? .null),
    ]
    return .object(JSONObject([("error", .object(JSONObject(error)))]))
  }

  /// Anthropic's form.
  package var anthropic: JSONValue {
    let error = JSONValue.object(JSONObject([("type", .string(type)), ("message", .string(message))]))
    return .object(JSONObject([("type", .string("error")), ("error", error)]))
  }
}
