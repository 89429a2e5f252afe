/// Text that is equal to other text only when all of its bytes are.
///
/// Swift's `String` calls "é" and "e\u{301}" equal. A policy must not: two accounts whose names differ in just that
/// are two accounts.
package struct ExactString: Hashable, Sendable, ExpressibleByStringLiteral {
  package let text: String

  package init(_ text: String) { self.text = text }

  package init(stringLiteral text: String) { self.text = text }

  package static func == (a: Self, b: Self) -> Bool {
    // What differs in bytes is nearly always found by the first two, which cost little.
    guard a.text.utf8.count == b.text.utf8.count, a.text == b.text else { return false }
    let a = a.text.utf8.span, b = b.text.utf8.span
    return a.indices.allSatisfy { a[$0] == b[$0] }
  }

  /// Canonically equal texts share a hash, and so do those that are equal byte by byte.
  package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension ExactString: CustomStringConvertible {
  /// The text as a Cedar literal, in quotation marks.
  package var description: String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0": result += "\\0"
      case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}": result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
