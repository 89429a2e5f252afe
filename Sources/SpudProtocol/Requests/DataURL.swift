/// A `data:` URL: a medium that is in the request itself.
package struct DataURL: Sendable, Equatable {
  /// What it says it holds, in small letters: `image/png`; empty if it does not say.
  package let type: String
  package let bytes: [UInt8]

  /// - Returns: Nil for what is no such URL, or not in base64.
  package init?(_ text: String) {
    guard text.prefix(5).lowercased() == "data:", let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else {
      return nil
    }
    let head = text[..<comma].dropFirst(5).lowercased().split(separator: ";", omittingEmptySubsequences: false)
    guard head.last?.trimmingSpaces == "base64", let bytes = Base64.decode(text[text.index(after: comma)...]) else {
      return nil
    }
    type = String(head.first?.trimmingSpaces ?? "")
    self.bytes = bytes
  }

  /// A medium of our own as such a URL.
  package static func text(_ bytes: [UInt8], type: String) -> String { "data:\(type);base64,\(Base64.encode(bytes))" }
}

extension StringProtocol {
  /// Without spaces and tabs at both ends.
  var trimmingSpaces: SubSequence {
    let start = firstIndex { $0 != " " && $0 != "\t" } ?? endIndex
    guard start < endIndex, let last = lastIndex(where: { $0 != " " && $0 != "\t" }) else { return self[endIndex...] }
    return self[start...last]
  }
}
