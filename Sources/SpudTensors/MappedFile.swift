internal import Glibc
internal import SpudErrors

/// A file's bytes, mapped into memory and never written.
///
/// Pages come from the page cache when they are first read, and can be given back with `drop` once
/// their content has been copied elsewhere, so that loading a model needs little more memory than
/// the model. A file that shrinks while it is mapped ends the process (SIGBUS): there is no way to
/// map a file and be safe from that, and reading a 4 GB model into memory first costs too much.
@safe
package final class MappedFile: @unchecked Sendable {
  // `@unchecked`: the pages are never written after `init`.
  private let base: UnsafeRawPointer
  private let mappedByteCount: Int
  // Pages without a file behind them would come back as zeros, so they are never dropped.
  private let isBackedByFile: Bool
  package let byteCount: Int
  /// The path, or what the bytes are called, for errors.
  package let name: String

  /// Maps a regular file.
  ///
  /// - Throws: `SpudError.noInput` when it cannot be opened or is no regular file; `.io` when it cannot be mapped.
  package init(path: String) throws {
    // A pipe without a writer would keep `open` waiting, and is refused below. Regular files do not mind O_NONBLOCK.
    // SAFETY: the path is a NUL-terminated copy that lives for the call.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw SpudError(.noInput, "\(path): cannot be opened: \(Self.reason(errno))")
    }
    defer { close(descriptor) }
    var status = stat()
    // SAFETY: `status` is a local value, written by the call and read after it.
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw SpudError(.io, "\(path): cannot be examined: \(Self.reason(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SpudError(.noInput, "\(path): is \(Self.kind(status.st_mode)), but a file was expected")
    }
    name = path
    isBackedByFile = true
    byteCount = Int(status.st_size)
    mappedByteCount = max(byteCount, 1)
    // SAFETY: the kernel chooses the address; MAP_FAILED is checked before use.
    let address =
      byteCount > 0
      ? unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
      : unsafe mmap(nil, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SpudError(.io, "\(path): cannot be mapped: \(Self.reason(errno))")
    }
    unsafe base = UnsafeRawPointer(address)
  }

  /// Holds a copy of `bytes`: what a test or a fuzzer made, treated as if it were a file.
  package init(copying bytes: [UInt8], name: String) throws {
    self.name = name
    isBackedByFile = false
    byteCount = bytes.count
    mappedByteCount = max(byteCount, 1)
    // SAFETY: the kernel chooses the address; MAP_FAILED is checked before use.
    let address = unsafe mmap(nil, max(bytes.count, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SpudError(.io, "\(name): no memory for \(bytes.count) bytes")
    }
    unsafe bytes.withUnsafeBytes { source in
      // SAFETY: the mapping is at least as long as `source`, and new, so they cannot overlap.
      unsafe UnsafeMutableRawBufferPointer(start: address, count: source.count).copyMemory(from: source)
    }
    unsafe base = UnsafeRawPointer(address)
  }

  deinit {
    // SAFETY: `init` took sole ownership, and no span outlives `self`.
    unsafe munmap(UnsafeMutableRawPointer(mutating: base), mappedByteCount)
  }

  /// True when there is something at `path`, whatever it is.
  package static func exists(_ path: String) -> Bool {
    // SAFETY: the path is a NUL-terminated copy that lives for the call.
    unsafe access(path, F_OK) == 0
  }

  /// True when `path` is a directory.
  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    // SAFETY: `status` is a local value, written by the call and read after it.
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// All bytes of the file.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // SAFETY: the mapping is `byteCount` long and lives as long as `self`, which the span borrows.
      let span = unsafe RawSpan(_unsafeStart: base, byteCount: byteCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// All bytes of the file, as a span of `UInt8`.
  package var span: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      // SAFETY: as in `bytes`; every bit pattern is a `UInt8`.
      let span = unsafe Span<UInt8>(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: byteCount)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes in `range`, for an owner of this file to lend in its own name.
  ///
  /// The caller promises that the file outlives the span.
  @unsafe
  @_lifetime(immortal)
  func unownedBytes(in range: Range<Int>) -> RawSpan {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "bytes \(range) of \(byteCount)")
    // SAFETY: the range is inside the mapping; the caller keeps that alive.
    let span = unsafe RawSpan(_unsafeStart: base + range.lowerBound, byteCount: range.count)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// Calls `body` with the bytes in `range`, which do not outlive the call.
  @unsafe
  package func withUnsafeBytes(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "bytes \(range) of \(byteCount)")
    // SAFETY: the range is inside the mapping, which lives as long as `self`.
    unsafe body(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// What the kernel may expect about a range of the file.
  package enum Advice {
    /// The range is about to be read: start reading now.
    case willNeed
    /// The range is read once, from its beginning to its end: read ahead further.
    case sequential
    /// The range has been read for the last time: its pages need not stay resident.
    case drop
  }

  /// Tells the kernel about `range`, clamped to the file. Only whole pages inside the range are dropped.
  package func advise(_ advice: Advice, _ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let range = range.clamped(to: 0..<byteCount)
    let start: Int
    let end: Int
    let flag: Int32
    switch advice {
    case .willNeed, .sequential:
      start = range.lowerBound / page * page
      end = range.upperBound
      flag = advice == .willNeed ? MADV_WILLNEED : MADV_SEQUENTIAL
    case .drop:
      start = (range.lowerBound + page - 1) / page * page
      end = range.upperBound == byteCount ? byteCount : range.upperBound / page * page
      flag = MADV_DONTNEED
    }
    guard start < end, isBackedByFile else { return }
    // SAFETY: `start..<end` lies inside the mapping, which is private and read-only: dropped pages
    // of a file come back with the same content. A refused hint changes nothing, so it is no error.
    _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, flag)
  }

  private static func reason(_ code: Int32) -> String {
    // SAFETY: strerror returns a NUL-terminated string, copied before anything else can change it.
    unsafe String(cString: strerror(code)).lowercased()
  }

  private static func kind(_ mode: mode_t) -> String {
    mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
  }
}
