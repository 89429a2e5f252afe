internal import Foundation
internal import SpudErrors
internal import SpudTensors

/// Where a batch's answers go, one a line: standard output, or a file that an earlier run may have begun.
final class BatchAnswers {
  private let file: FileHandle?
  private let path: String
  /// Ids whose answers are there already.
  let known: Set<String>

  /// - Parameter path: Nil or `-` is standard output.
  /// - Throws: `SpudError` (`io`) when the file cannot be opened, (`badData`) when it holds something else.
  init(_ path: String?) throws {
    guard let path, path != "-" else {
      (file, self.path, known) = (nil, "standard output", [])
      return
    }
    self.path = path
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
      for line in bytes[..<whole].split(separator: 0x0A) {
        guard let value = try? JSONValue(parsing: Array(line), name: path), let id = value["id"]?.string,
          value["text"] != nil || value["error"] != nil
        else {
          throw SpudError(.badData, "\(path): holds lines that are no answers of a batch, so none are added to it")
        }
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

  func write(_ line: String) throws {
    guard let file else { return try Terminal.writeLine(line) }
    do { try file.write(contentsOf: Data((line + "\n").utf8)) } catch {
      throw SpudError(.io, "\(path): cannot be written; is the disk full?")
    }
  }
}
