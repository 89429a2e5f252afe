package import SpudBrowser

/// Something that can be looked at and acted on.
package protocol Surface: AnyObject {
  /// Goes to where one begins.
  func begin() throws
  /// What is to be seen once nothing moves any more.
  func look() throws -> Sight
  func perform(_ gesture: Gesture) throws
}
