internal import Foundation
internal import SpudErrors
internal import Synchronization

/// The measurements of a run on disk, a line each, written as they are made: an interrupted run goes on where it
/// stopped.
///
/// The first line names the settings that the measurements hold for. A journal of other settings, or of a run that is
/// done, is kept beside the new one under another name: nothing measured is ever overwritten.
package final class Journal: Sendable {
  private struct Header: Codable {
    var schema: Int
    var settings: String
  }

  private struct Done: Codable {
    var done: Bool
  }

  private struct State {
    var records: [Record]
    var keys: Set<String>
    var handle: FileHandle
  }

  private let state: Mutex<State>
  private let path: String
  /// How many records an earlier, interrupted run left.
  package let resumedCount: Int

  /// Opens `journal.jsonl` in `directory`, which is made if need be.
  ///
  /// - Parameter settings: everything that must be the same for old measurements to count: the suite, the models, the
  ///   seed, the machine.
  /// - Throws: `io` when the directory or the file cannot be written.
  package init(directory: String, settings: String) throws {
    path = directory + "/journal.jsonl"
    let manager = FileManager.default
    do {
      try manager.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw SpudError(.io, "\(directory) cannot be made a directory for the report: \(error.localizedDescription)")
    }
    var records: [Record] = []
    var intact = 0
    if let old = manager.contents(atPath: path) {
      if let found = Self.resumable(old, settings: settings) {
        (records, intact) = found
      } else {
        try Self.setAside(path)
      }
    }
    if intact == 0 {
      let header = try Self.line(Header(schema: 1, settings: settings))
      guard manager.createFile(atPath: path, contents: header) else {
        throw SpudError(.io, "\(path) cannot be written")
      }
      intact = header.count
    }
    guard let handle = FileHandle(forUpdatingAtPath: path) else {
      throw SpudError(.io, "\(path) cannot be opened for writing")
    }
    do {
      // A line that an interruption cut short is dropped, so that the next one starts on its own.
      try handle.truncate(atOffset: UInt64(intact))
      try handle.seekToEnd()
    } catch {
      throw SpudError(.io, "\(path) cannot be written: \(error.localizedDescription)")
    }
    resumedCount = records.count
    state = Mutex(State(records: records, keys: Set(records.map(\.key)), handle: handle))
  }

  /// Everything measured so far, in the order of its measuring.
  package var records: [Record] { state.withLock { $0.records } }

  /// Whether a measurement of that key is there already.
  package func has(_ key: String) -> Bool { state.withLock { $0.keys.contains(key) } }

  /// Adds a measurement; one whose key is there already is ignored.
  ///
  /// - Throws: `io` when the line cannot be written.
  package func append(_ record: Record) throws {
    let line = try Self.line(record)
    try state.withLock { state in
      guard state.keys.insert(record.key).inserted else { return }
      state.records.append(record)
      do {
        try state.handle.write(contentsOf: line)
      } catch {
        throw SpudError(.io, "\(path) cannot be written: \(error.localizedDescription)")
      }
    }
  }

  /// Marks the run as done, so that the next one measures again.
  package func finish() throws {
    let line = try Self.line(Done(done: true))
    try state.withLock { state in
      do {
        try state.handle.write(contentsOf: line)
        try state.handle.synchronize()
      } catch {
        throw SpudError(.io, "\(path) cannot be written: \(error.localizedDescription)")
      }
    }
  }

  // MARK: - Lines

  private static func line(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(value) + Data("\n".utf8)
    } catch {
      throw SpudError(.internal, "a measurement cannot be written as JSON: \(error)")
    }
  }

  /// The records of a journal that can be gone on with, and the bytes that they take; nil when it is another run's.
  private static func resumable(_ data: Data, settings: String) -> ([Record], Int)? {
    let decoder = JSONDecoder()
    var records: [Record] = []
    var intact = 0
    var isFirst = true
    for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let end = intact + line.count + 1
      guard end <= data.count else { break }
      if isFirst {
        guard let header = try? decoder.decode(Header.self, from: line), header.settings == settings else { return nil }
        isFirst = false
      } else if let record = try? decoder.decode(Record.self, from: line) {
        records.append(record)
      } else {
        // A finished run, or a line that is not ours.
        return nil
      }
      intact = end
    }
    return isFirst ? nil : (records, intact)
  }

  private static func setAside(_ path: String) throws {
    let manager = FileManager.default
    var number = 1
    while manager.fileExists(atPath: "\(path).\(number)") { number += 1 }
    do {
      try manager.moveItem(atPath: path, toPath: "\(path).\(number)")
    } catch {
      throw SpudError(.io, "\(path) cannot be set aside: \(error.localizedDescription)")
    }
  }
}
