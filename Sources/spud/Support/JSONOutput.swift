internal import Foundation
internal import SpudErrors

/// One JSON object on standard output, as `--json` prints it: the keys of `Body`, and the number of their schema.
///
/// Keys are sorted and in snake case, so `prefillMilliseconds` must be spelt `prefill_ms` by a `CodingKeys`.
/// A number that JSON cannot hold becomes `"NaN"`, `"Infinity"` or `"-Infinity"`.
struct JSONDocument<Body: Encodable>: Encodable {
  /// Raised when a key changes its meaning or goes away; new keys do not raise it.
  var schema = 1
  let body: Body

  private enum CodingKeys: String, CodingKey { case schema }

  func encode(to encoder: any Encoder) throws {
    try body.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
  }
}

enum JSONOutput {
  /// `body` and its schema number as one line of JSON.
  static func line(_ body: some Encodable, schema: Int = 1) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      let data = try encoder.encode(JSONDocument(schema: schema, body: body))
      return String(decoding: data, as: UTF8.self)
    } catch {
      throw SpudError(.internal, "the answer could not be written as JSON: \(error)")
    }
  }

  /// Prints `body` and its schema number as one line of JSON on standard output.
  static func print(_ body: some Encodable, schema: Int = 1) throws {
    try Terminal.writeLine(try line(body, schema: schema))
  }
}
