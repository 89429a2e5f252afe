/// What policies say of a request, and why.
package struct Decision: Sendable, Equatable {
  /// A policy that could not be evaluated, so that it did not apply.
  package struct Failure: Sendable, Equatable {
    package let policy: String
    package let message: String
  }

  package let isAllowed: Bool
  /// The ids of the policies that decided, in their order: those that forbid, or else those that permit. None where
  /// nothing permits.
  package let reasons: [String]
  package let failures: [Failure]
}
