internal import Dispatch
internal import Synchronization

/// A question to a second model, which is thought about while others decide, and whose answer is waited for so long and
/// no longer.
final class OpinionRequest: Sendable {
  private let given = Mutex<Opinion?>(nil)
  private let done = DispatchSemaphore(value: 0)

  init(_ opinion: @escaping @Sendable (Proposal) -> Opinion, _ proposal: Proposal) {
    DispatchQueue.global().async { [self] in
      let answer = opinion(proposal)
      given.withLock { $0 = answer }
      done.signal()
    }
  }

  /// The answer; a veto where none came in time.
  func answer(within patience: Duration) -> Opinion {
    let microseconds = Int(patience / .microseconds(1))
    guard done.wait(timeout: .now() + .microseconds(microseconds)) == .success else { return .veto }
    return given.withLock { $0 } ?? .veto
  }
}
