package import SpudBrowser
internal import SpudGuardian

/// What hands are to bring about next.
package enum Goal: Sendable, Equatable {
  /// To have a form filled in and sent.
  case send(Fact.Filling)
  /// To have a place on the screen as it is now.
  case show(Fact.Place)
}

extension Goal {
  /// Whether an action is the last step to the goal, or writes a word of it.
  func asks(for proposal: Proposal) -> Bool {
    guard case .send(let filling) = self else { return false }
    if let effect = proposal.effect { return effect.name == filling.form && effect.values == filling.values }
    return proposal.action == "type" && filling.values.values.contains(proposal.text)
  }
}

/// What hands want to do.
package enum HandAction: Sendable, Equatable {
  case gesture(Gesture)
  /// The goal is reached, or the page has answered.
  case done
  /// Something stands in the way.
  case alert(String)
}
