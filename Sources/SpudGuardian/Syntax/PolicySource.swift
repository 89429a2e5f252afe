internal import SpudErrors

/// The text of policies, and what to call it in errors.
struct PolicySource {
  /// Valid UTF-8.
  let bytes: [UInt8]
  let name: String

  /// A megabyte of policies is far more than anybody wrote, and takes well under a second.
  static let byteLimit = 1 << 20

  init(_ text: String, name: String) throws {
    bytes = Array(text.utf8)
    self.name = name
    guard bytes.count <= Self.byteLimit else {
      throw SpudError(.badData, "\(name): \(bytes.count) bytes of policies, but the limit is \(Self.byteLimit)")
    }
  }

  /// - Precondition: `range` begins and ends between characters.
  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// An error that names the line and the column, both from 1; columns count bytes.
  func error(at offset: Int, _ what: String) -> SpudError {
    let before = bytes[..<offset]
    let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
    let column = offset - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
    return SpudError(.badData, "\(name):\(line):\(column): \(what)")
  }
}
