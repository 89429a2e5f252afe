internal import COpenSSL
internal import Glibc
internal import SpudErrors

/// The system's calls themselves.
package struct SystemFiles: StoreFiles {
  package init() {}

  static func failure(_ path: String, _ what: String) -> SpudError {
    let code: SpudError.Code = errno == ENOENT ? .noInput : .io
    // SAFETY: strerror returns a NUL-terminated string, copied before anything else can change it.
    return SpudError(code, "\(path): \(what): \(unsafe String(cString: strerror(errno)).lowercased())")
  }

  package func makeDirectory(_ path: String) throws {
    // SAFETY: here and below, paths are NUL-terminated copies that live for the call.
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw Self.failure(path, "the directory cannot be made")
    }
  }

  package func open(_ path: String, _ use: FileUse) throws -> OpenFile {
    let flags =
      switch use {
      case .reading: O_RDONLY
      case .changing: O_RDWR
      case .creating: O_RDWR | O_CREAT | O_EXCL
      }
    let descriptor = unsafe Glibc.open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(path, "cannot be opened") }
    let file = OpenFile(path: path, descriptor: descriptor)
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw SpudError(.io, "\(path): is no plain file, expected one")
    }
    return file
  }

  package func length(of file: OpenFile) throws -> Int {
    var status = stat()
    guard unsafe fstat(file.descriptor, &status) == 0 else { throw Self.failure(file.path, "cannot be read") }
    return Int(status.st_size)
  }

  package func read(_ file: OpenFile, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      // SAFETY: reads at most what is left of the buffer.
      let count = unsafe pread(
        file.descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure(file.path, "cannot be read") }
      guard count > 0 else {
        throw SpudError(.io, "\(file.path): is cut: it ends before byte \(offset + bytes.count)")
      }
      done += count
    }
  }

  package func read(
    _ file: OpenFile, into pieces: ArraySlice<UnsafeMutableRawBufferPointer>, at offset: Int
  ) throws {
    let vectors = unsafe pieces.map { unsafe iovec(iov_base: $0.baseAddress, iov_len: $0.count) }
    // SAFETY: reads at most what the pieces hold.
    let count = unsafe preadv(file.descriptor, vectors, Int32(vectors.count), off_t(offset))
    if unsafe count == vectors.reduce(0, { unsafe $0 + $1.iov_len }) { return }
    // What was interrupted, or ends early, is read or told piece by piece.
    try unsafe read(file, intoEach: pieces, at: offset)
  }

  package func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      // SAFETY: writes at most what is left of the buffer.
      let count = unsafe pwrite(
        file.descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(file.path, "cannot be written") }
      done += count
    }
  }

  package func synchronize(_ file: OpenFile) throws {
    guard fsync(file.descriptor) == 0 else { throw Self.failure(file.path, "cannot be put on its device") }
  }

  package func synchronize(directory path: String) throws {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path, "cannot be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw Self.failure(path, "cannot be put on its device") }
  }

  package func truncate(_ file: OpenFile, to length: Int) throws {
    guard ftruncate(file.descriptor, off_t(length)) == 0 else { throw Self.failure(file.path, "cannot be cut") }
  }

  package func punch(_ file: OpenFile, _ range: Range<Int>) throws {
    if spud_punch_hole(file.descriptor, range.lowerBound, range.count) == 0 { return }
    guard errno == EOPNOTSUPP else { throw Self.failure(file.path, "its room cannot be given back") }
    // A file system without holes keeps the room, but not what was in it.
    try write([UInt8](repeating: 0, count: range.count), to: file, at: range.lowerBound)
  }

  /// Takes a file out of the system's cache, as far as it lets it go.
  func drop(_ file: OpenFile) throws {
    guard posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0 else {
      throw Self.failure(file.path, "cannot be taken out of the cache")
    }
  }

  package func rename(_ path: String, to new: String) throws {
    guard unsafe Glibc.rename(path, new) == 0 else { throw Self.failure(new, "cannot be put in place") }
  }

  package func remove(_ path: String) throws {
    guard unsafe unlink(path) == 0 else { throw Self.failure(path, "cannot be removed") }
  }

  package func names(in directory: String) throws -> [String]? {
    guard let stream = unsafe opendir(directory) else {
      if errno == ENOENT { return nil }
      throw Self.failure(directory, "cannot be read")
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      // SAFETY: the name is NUL-terminated, and valid until the next call.
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
