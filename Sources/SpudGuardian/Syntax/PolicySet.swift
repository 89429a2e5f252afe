internal import SpudErrors
internal import SpudTensors

/// Policies, in the order of their text.
package struct PolicySet: Sendable {
  package let policies: [Policy]

  package init(_ policies: [Policy]) { self.policies = policies }

  /// Reads policies in Cedar's language, without templates.
  ///
  /// - Parameter name: What to call the text in errors.
  /// - Throws: `SpudError.badData`, naming line and column, for whatever Cedar does not allow, templates, expressions
  ///   nested deeper than `PolicyParser.depthLimit`, and more than `PolicySource.byteLimit` bytes.
  /// - Complexity: O(bytes).
  package init(parsing text: String, name: String) throws {
    var parser = try PolicyParser(PolicySource(text, name: name))
    policies = try parser.policies()
  }

  /// Reads a file of policies.
  package init(contentsOf path: String) throws {
    let file = try MappedFile(path: path)
    guard file.byteCount <= PolicySource.byteLimit else {
      throw SpudError(
        .badData, "\(path): \(file.byteCount) bytes of policies, but the limit is \(PolicySource.byteLimit)")
    }
    let text: String
    do {
      text = String(copying: try UTF8Span(validating: file.span))
    } catch {
      throw SpudError(.badData, "\(path): policies that are not UTF-8")
    }
    try self.init(parsing: text, name: path)
  }
}
