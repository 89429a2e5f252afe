/// What policies say of a request, and why.
package struct Decision: Sendable, Equatable {
  /// A policy that could not be evaluated, so that it did not apply.
  package struct Failure: Sendable, Equatable {
    package let policy: String
    package let message: String

    package init(policy: String, message: String) {
      self.policy = policy
      self.message = message
    }
  }

  package let isAllowed: Bool
  /// The ids of the policies that decided, in their order: those that forbid, or else those that permit. None where
  /// nothing permits.
  package let reasons: [String]
  package let failures: [Failure]

  package init(isAllowed: Bool, reasons: [String], failures: [Failure]) {
    self.isAllowed = isAllowed
    self.reasons = reasons
    self.failures = failures
  }
}
