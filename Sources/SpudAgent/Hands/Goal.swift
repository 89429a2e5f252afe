package import SpudBrowser

/// What hands are to bring about next.
package enum Goal: Sendable, Equatable {
  /// To have a form filled in and sent.
  case send(Fact.Filling)
  /// To have a place on the screen as it is now.
  case show(Fact.Place)
}

/// What hands want to do.
package enum HandAction: Sendable, Equatable {
  case gesture(Gesture)
  /// The goal is reached, or the page has answered.
  case done
  /// Something stands in the way.
  case alert(String)
}
