#if Server
internal import HTTPTypes
internal import SpudProtocol
internal import SpudTensors

/// A request, read.
struct Incoming: Sendable {
  let method: String
  let path: String
  let headers: HTTPFields
  let id: String
  /// Whose key it came with; empty without keys.
  let tenant: String
  var body: [UInt8] = []

  func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

  /// The body as JSON.
  ///
  /// - Throws: `APIError` (400).
  func json() throws -> JSONValue {
    do {
      return try JSONValue(parsing: body, name: "the body")
    } catch {
      throw APIError(400, "\(error)", code: "invalid_json")
    }
  }
}
#endif
