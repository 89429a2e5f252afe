/// A browser that did not answer in time, or is gone. Another has been started in its place by the time that this is
/// thrown, with nothing open.
package struct BrowserLost: Error, CustomStringConvertible {
  /// What happened, as a sentence would go on after "the browser was lost: ".
  package let reason: String

  package var description: String { "the browser was lost: \(reason)" }
}
