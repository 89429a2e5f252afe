internal import Foundation
internal import SpudErrors

/// The files of Cedar's corpus, by name, out of its archive or a folder.
struct CorpusArchive {
  let files: [String: [UInt8]]

  /// Reads `corpus-tests.tar.gz` once, through `gzip` and by the headers of its blocks.
  init(archive path: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw SpudError(.badData, "\(path): gzip cannot read it") }
    files = Self.unpack(data)
  }

  init(folder path: String) throws {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      files[name] = [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }
    self.files = files
  }

  /// The regular files of a tape archive: a header of 512 bytes, with the name in front and the size in octal at 124,
  /// and the content, filled up to whole blocks.
  private static func unpack(_ data: Data) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    var start = data.startIndex
    while start + 512 <= data.endIndex, data[start] != 0 {
      let name = String(decoding: data[start..<(start + 100)].prefix { $0 != 0 }, as: UTF8.self)
      let digits = data[(start + 124)..<(start + 136)].filter { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "7") }
      let size = Int(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0
      let content = start + 512
      if data[start + 156] == UInt8(ascii: "0"), !name.hasSuffix(".cedarschema"), content + size <= data.endIndex {
        files[String(name.split(separator: "/").last ?? "")] = [UInt8](data[content..<(content + size)])
      }
      start = content + (size + 511) / 512 * 512
    }
    return files
  }
}
