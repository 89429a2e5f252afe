/// What a hand does on a page, in pixels from the upper left.
package enum Gesture: Sendable, Equatable {
  case click(x: Int, y: Int)
  /// A press, a move in four parts, and a release.
  case drag(fromX: Int, fromY: Int, toX: Int, toY: Int)
  /// Letters, each as a key that goes down and up.
  case type(String)
  case key(Key)
  /// Turns the wheel at a place: down where `by` is above zero.
  case scroll(x: Int, y: Int, by: Int)

  /// Keys that write no letter.
  package enum Key: String, Sendable, CaseIterable {
    case enter, tab, backspace, escape, left, up, right, down
    /// Control and A, which selects everything.
    case all

    /// The name, the code and the text of the key in the protocol.
    var form: (name: String, code: Int, text: String) {
      switch self {
      case .enter: ("Enter", 13, "\r")
      case .tab: ("Tab", 9, "")
      case .backspace: ("Backspace", 8, "")
      case .escape: ("Escape", 27, "")
      case .left: ("ArrowLeft", 37, "")
      case .up: ("ArrowUp", 38, "")
      case .right: ("ArrowRight", 39, "")
      case .down: ("ArrowDown", 40, "")
      case .all: ("a", 65, "")
      }
    }
  }
}
