internal import Foundation
internal import SpudErrors
internal import SpudTensors

/// Questions about files.
enum Files {
  /// Whether there is a directory at `path`, itself or behind links.
  static func isDirectory(_ path: String) -> Bool {
    let url = URL(filePath: path).resolvingSymlinksInPath()
    return (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
  }

  /// A file of UTF-8 text without its last newline, with which editors end one; - is standard input.
  ///
  /// - Throws: `SpudError` when it cannot be read, holds more than `limit` bytes, or is no UTF-8.
  static func text(_ path: String, limit: Int = 64 << 20) throws -> String {
    if path == "-" { return try text(Terminal.readInput(), name: "standard input") }
    let file = try MappedFile(path: path)
    guard file.byteCount <= limit else {
      throw SpudError(.badData, "\(path): holds \(file.byteCount) bytes, but at most \(limit) are read")
    }
    let bytes = file.span
    return try text(bytes.indices.map { bytes[$0] }, name: path)
  }

  private static func text(_ bytes: [UInt8], name: String) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SpudError(.badData, "\(name): is not UTF-8 text")
    }
    return text.last?.isNewline == true ? String(text.dropLast()) : text
  }
}
