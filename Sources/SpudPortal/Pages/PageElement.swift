/// Something on a page, at a row and a column of the grid of 32 × 16 letters.
package enum PageElement: Sendable, Equatable {
  case text(String, row: Int, column: Int)
  case link(String, to: String, row: Int, column: Int)
  case button(String, row: Int, column: Int)
  /// A field of `PortalPage.fieldWidth` letters.
  case field(name: String, value: String, row: Int, column: Int)
}
