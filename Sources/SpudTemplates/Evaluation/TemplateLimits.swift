/// What a template may use before it is stopped. All are counted, none is timed, so that the same request always ends
/// the same way.
package struct TemplateLimits: Sendable {
  /// Expressions evaluated, statements run, and elements visited.
  package var steps: Int
  /// Bytes of strings read or made.
  package var bytes: Int
  /// Bytes of the text that is rendered, and of any string on the way.
  package var outputBytes: Int
  /// How deep statements, expressions and calls of macros may stand in each other, all counted together.
  package var depth = 256
  /// How deep lists and dictionaries may stand in each other.
  package var valueDepth = 72

  /// Limits that leave room for a template that looks at every part of its input a few dozen times.
  ///
  /// - Parameter inputBytes: The size of the request that fills the template in.
  package init(inputBytes: Int = 0) {
    let input = min(max(0, inputBytes), 1 << 30)
    steps = 2_000_000 + input / 4
    bytes = 64 << 20 + 64 * input
    outputBytes = 1 << 20 + 4 * input
  }
}
