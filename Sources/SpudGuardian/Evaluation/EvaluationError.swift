/// Why an expression has no value. The policy that it stands in does not apply, and the decision reports it.
package struct EvaluationError: Error, Sendable, Equatable {
  package let message: String

  init(_ message: String) { self.message = message }
}
