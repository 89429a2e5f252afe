/// The calls of the system that a store makes, so that a test can record them, or let one fail.
///
/// Every one throws a `SpudError` (`io`, or `noInput` for what is not there) that names the file.
package protocol StoreFiles: Sendable {
  /// Makes a directory that only its owner may enter, unless it is there.
  func makeDirectory(_ path: String) throws
  /// Opens a file, never through a symbolic link.
  func open(_ path: String, _ use: FileUse) throws -> OpenFile
  func length(of file: OpenFile) throws -> Int
  /// Reads all of `bytes`; a file that is too short is an error.
  func read(_ file: OpenFile, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws
  /// Reads all of some pieces, 512 at most, which follow each other in the file.
  func read(_ file: OpenFile, into pieces: ArraySlice<UnsafeMutableRawBufferPointer>, at offset: Int) throws
  func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int) throws
  /// Has the device hold all that was written to a file.
  func synchronize(_ file: OpenFile) throws
  /// Has the device hold the names in a directory.
  func synchronize(directory path: String) throws
  func truncate(_ file: OpenFile, to length: Int) throws
  /// Gives the room of some bytes back; they read as 0 from now on.
  func punch(_ file: OpenFile, _ range: Range<Int>) throws
  func rename(_ path: String, to new: String) throws
  func remove(_ path: String) throws
  /// The names in a directory, sorted; nil where there is none.
  func names(in directory: String) throws -> [String]?
}

/// What a file is opened for.
package enum FileUse: Sendable {
  case reading
  /// It is there and is changed.
  case changing
  /// It is not there yet; nobody but its owner may read it.
  case creating
}

extension StoreFiles {
  package func read(
    _ file: OpenFile, into pieces: ArraySlice<UnsafeMutableRawBufferPointer>, at offset: Int
  ) throws {
    try unsafe read(file, intoEach: pieces, at: offset)
  }

  /// The same, a call for each piece.
  func read(_ file: OpenFile, intoEach pieces: ArraySlice<UnsafeMutableRawBufferPointer>, at offset: Int) throws {
    var place = offset
    for index in unsafe pieces.indices {
      let piece = unsafe pieces[index]
      try unsafe read(file, into: piece, at: place)
      place += piece.count
    }
  }

  func write(_ bytes: [UInt8], to file: OpenFile, at offset: Int) throws {
    // SAFETY: the buffer is valid for the call.
    try unsafe bytes.withUnsafeBytes { try unsafe write($0, to: file, at: offset) }
  }

  /// `count` bytes of a file.
  func bytes(of file: OpenFile, at offset: Int, count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the buffer is valid for the call.
    try unsafe bytes.withUnsafeMutableBytes { try unsafe read(file, into: $0, at: offset) }
    return bytes
  }

  /// Puts a new file in the place of whatever is at `path`: a reader, and a machine that loses its power, finds the old
  /// one or the new one.
  func replace(_ path: String, with bytes: [UInt8]) throws {
    let temporary = path + StoreLayout.partial
    if try names(in: StoreLayout.parent(of: path))?.contains(StoreLayout.name(of: temporary)) ?? false {
      try remove(temporary)
    }
    let file = try open(temporary, .creating)
    try write(bytes, to: file, at: 0)
    try synchronize(file)
    try rename(temporary, to: path)
    try synchronize(directory: StoreLayout.parent(of: path))
  }
}
