package import SpudGuardian
internal import Synchronization

/// A second model, which watches an agent: it is told of each screen as the hands begin to write an action, reads it
/// meanwhile, and is asked about the action before it is dispatched.
package protocol Overseer: AnyObject, Sendable {
  /// The hands have begun to write an action.
  ///
  /// - Parameters:
  ///   - screen: that they see.
  ///   - last: the action that was dispatched before.
  func begin(_ screen: WatchedScreen, last: Proposal?)
  /// An action was dispatched: while the page changes there is time to read it.
  func dispatched(_ proposal: Proposal)
  /// What it says of the action that they wrote.
  func opinion(of proposal: Proposal) -> Opinion
}

extension Overseer {
  package func dispatched(_ proposal: Proposal) {}
}

/// An overseer that allows everything and keeps what it was asked: where examples come from.
final class RecordingOverseer: Overseer {
  struct Question: Sendable {
    var screen: WatchedScreen
    var last: Proposal?
    var proposal: Proposal
  }

  private struct State {
    var screen = WatchedScreen(title: "")
    var last: Proposal?
    var questions: [Question] = []
  }

  private let state = Mutex(State())

  var questions: [Question] { state.withLock(\.questions) }

  func begin(_ screen: WatchedScreen, last: Proposal?) {
    state.withLock { ($0.screen, $0.last) = (screen, last) }
  }

  func opinion(of proposal: Proposal) -> Opinion {
    state.withLock { $0.questions.append(Question(screen: $0.screen, last: $0.last, proposal: proposal)) }
    return .allow
  }
}
