internal import SpudErrors
package import SpudTensors

extension Browser {
  /// What a script says of the page.
  ///
  /// For examiners alone, who begin an episode and read its reward. Whoever acts is given a `Screen`.
  ///
  /// - Throws: `BrowserLost`; `internal` where the script fails.
  package func examine(_ script: String) throws -> JSONValue {
    try guarded {
      let answer = try call("Runtime.evaluate", ["expression": .string(script), "returnByValue": .bool(true)])
      if let details = answer["exceptionDetails"] {
        let text = details["exception"]?["description"]?.string ?? "an error"
        throw SpudError(.internal, "the page's script failed: \(text.prefix(300))")
      }
      return answer["result"]?["value"] ?? .null
    }
  }
}
