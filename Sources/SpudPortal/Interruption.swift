/// What a portal does to whoever relies on it.
package enum Interruption: Sendable, Equatable {
  /// The form, when it is sent for the `at`-th time, counted from 1, is refused for no reason of its own.
  case refusal(of: PortalForm, at: Int)
  /// The form, when it is sent for the `at`-th time, is said to be saved, and is not.
  case lie(about: PortalForm, at: Int)
  /// From this request on, one has to sign in again.
  case expiredSession(after: Int)
  /// From this request on, everything stands elsewhere.
  case movedLayout(after: Int, seed: UInt64)
}
