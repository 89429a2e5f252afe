package import SpudErrors
internal import SpudSupport

/// The keys of a server, each with the name of its tenant.
///
/// A line is `NAME KEY`; what begins with `#` is a comment.
package struct KeyFile: Sendable {
  private struct Entry: Sendable {
    let name: String
    let key: [UInt8]
  }

  package static let keyBytes = 8...512
  private let entries: [Entry]

  /// - Parameter name: What errors call the file.
  /// - Throws: `SpudError` (`badData`), naming the line, but no key.
  package init(parsing text: String, name: String) throws(SpudError) {
    var entries: [Entry] = []
    for (index, line) in text.lines.enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      func fail(_ what: String) -> SpudError { SpudError(.badData, "\(name), line \(index + 1): \(what)") }
      guard words.count == 2 else { throw fail("expected a name and a key, but found \(words.count) words") }
      guard Self.keyBytes.contains(words[1].utf8.count) else {
        throw fail("the key of '\(first)' has \(words[1].utf8.count) bytes, but must have 8 to 512")
      }
      guard !entries.contains(where: { $0.name == first }) else { throw fail("the name '\(first)' stands twice") }
      entries.append(Entry(name: String(first), key: Array(words[1].utf8)))
    }
    guard !entries.isEmpty else { throw SpudError(.badData, "\(name): holds no key") }
    self.entries = entries
  }

  /// Whose key this is; nil if it is nobody's.
  ///
  /// - Complexity: Every key is compared in full, whatever is given: how long it takes says nothing about any key.
  package func tenant(of key: String) -> String? {
    let given = Array(key.utf8.prefix(Self.keyBytes.upperBound + 1))
    var found: Int?
    for (index, entry) in entries.enumerated() where Self.isEqual(entry.key, given) { found = index }
    return found.map { entries[$0].name }
  }

  private static func isEqual(_ key: [UInt8], _ given: [UInt8]) -> Bool {
    var difference = UInt64(truncatingIfNeeded: key.count ^ given.count)
    for index in 0...keyBytes.upperBound {
      let (a, b) = (index < key.count ? key[index] : 0, index < given.count ? given[index] : 0)
      difference |= UInt64(a ^ b)
    }
    return difference == 0
  }
}
