internal import Foundation
internal import SpudErrors
internal import SpudTensors

/// Where a batch's answers go, one a line: standard output, or a file that an earlier run may have begun.
final class BatchAnswers {
  private let file: FileHandle?
  private let path: String
  /// Ids whose answers are there already.
  let known: Set<String>

  /// - Parameters:
  ///   - path: Nil or `-` is standard output.
  ///   - requests: The file of requests, which must be another.
  /// - Throws: `SpudError` (`io`) when the file cannot be opened, (`badData`) when it holds something else.
  init(_ path: String?, requests: String) throws {
    guard let path, path != "-" else {
      (file, self.path, known) = (nil, "standard output", [])
      return
    }
    self.path = path
    guard !Self.isSame(path, requests) else {
      throw SpudError(.usage, "\(path): holds the requests; name another file for the answers")
    }
    if !FileManager.default.fileExists(atPath: path),
      !FileManager.default.createFile(atPath: path, contents: nil)
    {
      throw SpudError(.io, "\(path): cannot be written")
    }
    guard let file = FileHandle(forUpdatingAtPath: path) else { throw SpudError(.io, "\(path): cannot be written") }
    self.file = file
    do {
      let bytes = Array(try file.readToEnd() ?? Data())
      // A run that was killed may have written part of a line.
      let whole = (bytes.lastIndex(of: 0x0A) ?? -1) + 1
      var known: Set<String> = []
      let others = SpudError(.badData, "\(path): holds lines that are no answers of a batch, so none are added to it")
      guard whole > 0 || Self.mayBeginAnswer(bytes) else { throw others }
      for line in bytes[..<whole].split(separator: 0x0A) {
        guard let value = try? JSONValue(parsing: Array(line), name: path), let id = value["id"]?.string,
          value["text"] != nil || value["error"] != nil
        else { throw others }
        // What failed is tried again.
        if value["error"] == nil { known.insert(id) }
      }
      self.known = known
      try file.truncate(atOffset: UInt64(whole))
    } catch let error as SpudError {
      throw error
    } catch {
      throw SpudError(.io, "\(path): cannot be read")
    }
  }

  /// Whether one file has both names.
  private static func isSame(_ path: String, _ other: String) -> Bool {
    func identity(_ path: String) -> [AnyHashable?] {
      let attributes = try? FileManager.default.attributesOfItem(
        atPath: URL(filePath: path).resolvingSymlinksInPath().path)
      return [attributes?[.systemNumber] as? Int, attributes?[.systemFileNumber] as? Int]
    }
    return identity(path) == identity(other) && identity(path)[0] != nil
  }

  /// Whether bytes without an end of a line are what a run that was killed wrote of its first answer.
  private static func mayBeginAnswer(_ bytes: [UInt8]) -> Bool {
    bytes.isEmpty
      || ["audio", "error", "finish"].contains { key in
        let beginning = "{\"\(key)\":"
        return bytes.starts(with: beginning.utf8) || beginning.utf8.starts(with: bytes)
      } && (try? JSONValue(parsing: bytes, name: "")) == nil
  }

  func write(_ line: String) throws {
    guard let file else { return try Terminal.writeLine(line) }
    do { try file.write(contentsOf: Data((line + "\n").utf8)) } catch {
      throw SpudError(.io, "\(path): cannot be written; is the disk full?")
    }
  }
}
