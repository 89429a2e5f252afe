/// What the hands do, in pixels of the screen, or say.
package enum HandStep: Sendable, Hashable {
  case click(x: Int, y: Int)
  case press(x: Int, y: Int)
  case drag(fromX: Int, fromY: Int, toX: Int, toY: Int)
  case type(String)
  case key(String)
  case done
  case alert(String)
}

/// A place on the screen, in pixels.
package struct Place: Sendable, Hashable {
  package let x: Int
  package let y: Int

  package init(x: Int, y: Int) {
    self.x = x
    self.y = y
  }
}
