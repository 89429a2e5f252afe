import SpudMemory
import Synchronization
import Testing

/// The system's files, with a record of what changes them, so that any beginning of it can be played again.
final class RecordingFiles: StoreFiles {
  enum Change: Sendable {
    case directory(String)
    case open(Int, String, FileUse)
    case write(Int, [UInt8], at: Int)
    case synchronize(Int)
    case synchronizeDirectory
    case truncate(Int, to: Int)
    case punch(Int, Range<Int>)
    case rename(String, to: String)
    case remove(String)
  }

  private let system = SystemFiles()
  private let log = Mutex<[Change]>([])
  /// Files in the order in which they were opened; kept, so that no two have one identifier.
  private let opened = Mutex<[OpenFile]>([])
  private let numbers = Mutex<[ObjectIdentifier: Int]>([:])
  /// The change that fails, counted from 0, and with what.
  private let failing = Mutex<(Int, any Error)?>(nil)

  var changes: [Change] { log.withLock { $0 } }

  func fail(at index: Int, with error: any Error) { failing.withLock { $0 = (index, error) } }

  private func number(_ file: OpenFile) -> Int { numbers.withLock { $0[ObjectIdentifier(file)] ?? -1 } }

  private func note(_ change: Change) throws {
    let count = log.withLock {
      $0.append(change)
      return $0.count
    }
    if let (index, error) = failing.withLock({ $0 }), index == count - 1 { throw error }
  }

  func makeDirectory(_ path: String) throws {
    try note(.directory(path))
    try system.makeDirectory(path)
  }

  func open(_ path: String, _ use: FileUse) throws -> OpenFile {
    let file = try system.open(path, use)
    let number = numbers.withLock {
      $0[ObjectIdentifier(file)] = $0.count
      opened.withLock { $0.append(file) }
      return $0.count - 1
    }
    try note(.open(number, path, use))
    return file
  }

  func length(of file: OpenFile) throws -> Int { try system.length(of: file) }

  func read(_ file: OpenFile, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    try unsafe system.read(file, into: bytes, at: offset)
  }

  func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int) throws {
    try note(.write(number(file), unsafe Array(bytes), at: offset))
    try unsafe system.write(bytes, to: file, at: offset)
  }

  // The device of a test is as good as its page cache; what was not put on it is what `replay` leaves out.
  func synchronize(_ file: OpenFile) throws { try note(.synchronize(number(file))) }
  func synchronize(directory path: String) throws { try note(.synchronizeDirectory) }

  func truncate(_ file: OpenFile, to length: Int) throws {
    try note(.truncate(number(file), to: length))
    try system.truncate(file, to: length)
  }

  func punch(_ file: OpenFile, _ range: Range<Int>) throws {
    try note(.punch(number(file), range))
    try system.punch(file, range)
  }

  func rename(_ path: String, to new: String) throws {
    try note(.rename(path, to: new))
    try system.rename(path, to: new)
  }

  func remove(_ path: String) throws {
    try note(.remove(path))
    try system.remove(path)
  }

  func names(in directory: String) throws -> [String]? { try system.names(in: directory) }

  // MARK: Replay

  /// How a crash ends what was recorded.
  enum Crash: CaseIterable {
    /// Everything before it is there.
    case clean
    /// Half of the last write is there.
    case torn
    /// What was written and not put on the device is lost.
    case unsynchronized
  }

  /// Does the first `count` changes again, in another directory.
  static func replay(
    _ changes: [Change], count: Int, crash: Crash, moving old: String, to new: String
  ) throws {
    let system = SystemFiles()
    func moved(_ path: String) -> String { new + path.dropFirst(old.count) }
    let lost = crash == .unsynchronized ? unsynchronized(changes[..<count]) : []
    var files: [Int: OpenFile] = [:]
    func file(_ number: Int) throws -> OpenFile { try #require(files[number]) }
    for (index, change) in changes[..<count].enumerated() where !lost.contains(index) {
      switch change {
      case .directory(let path): try system.makeDirectory(moved(path))
      case .open(let number, let path, let use): files[number] = try system.open(moved(path), use)
      case .write(let number, let bytes, let offset):
        let isTorn = crash == .torn && index == count - 1
        let part = isTorn ? Array(bytes[..<(bytes.count / 2)]) : bytes
        let file = try file(number)
        try unsafe part.withUnsafeBytes { try unsafe system.write($0, to: file, at: offset) }
      case .synchronize, .synchronizeDirectory: break
      case .truncate(let number, let length): try system.truncate(try file(number), to: length)
      case .punch(let number, let range): try system.punch(try file(number), range)
      case .rename(let path, let target): try system.rename(moved(path), to: moved(target))
      case .remove(let path): try system.remove(moved(path))
      }
    }
  }

  /// Writes to files that were not put on their device before the end.
  private static func unsynchronized(_ changes: ArraySlice<Change>) -> Set<Int> {
    var pending: [Int: Set<Int>] = [:]
    for (index, change) in changes.enumerated() {
      switch change {
      case .write(let number, _, _): pending[number, default: []].insert(index)
      case .synchronize(let number): pending[number] = nil
      default: break
      }
    }
    return pending.values.reduce(into: []) { $0.formUnion($1) }
  }
}
