internal import COpenSSL
internal import Glibc
internal import Synchronization

/// Memory of whole pages that the system keeps out of swap and of core dumps where it allows that: locked once, for to
/// lock a page takes as long as to decipher what a key opens, and to unlock one would unlock every secret in it.
private final class LockedMemory: Sendable {
  static let shared = LockedMemory()

  /// Keys are shorter; what is longer has pages of its own.
  private static let placeBytes = 64
  private static let pageBytes = 4096

  @safe
  private struct Place: @unchecked Sendable {
    // `@unchecked`: whoever took it has it alone.
    let base: UnsafeMutableRawPointer
  }

  private let free = Mutex<[Place]>([])

  private static func pages(_ count: Int) -> UnsafeMutableRawPointer {
    let bytes = (count + pageBytes - 1) / pageBytes * pageBytes
    let base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: pageBytes)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    // Where the limit of locked memory is reached, the bytes are as safe as any other.
    _ = unsafe mlock(base, bytes)
    _ = unsafe madvise(base, bytes, MADV_DONTDUMP)
    return unsafe base
  }

  /// Zeros.
  func take(_ count: Int) -> UnsafeMutableRawPointer {
    guard count <= Self.placeBytes else { return unsafe Self.pages(count) }
    return unsafe free.withLock { free in
      if free.isEmpty {
        let page = unsafe Self.pages(Self.pageBytes)
        for offset in stride(from: 0, to: Self.pageBytes, by: Self.placeBytes) {
          unsafe free.append(Place(base: page + offset))
        }
      }
      return free.removeLast()
    }.base
  }

  func giveBack(_ base: UnsafeMutableRawPointer, _ count: Int) {
    unsafe OPENSSL_cleanse(base, count)
    guard count > Self.placeBytes else { return free.withLock { unsafe $0.append(Place(base: base)) } }
    // The allocator may write into what it gets back, and hand it on: as any other memory.
    let bytes = (count + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
    _ = unsafe munlock(base, bytes)
    _ = unsafe madvise(base, bytes, MADV_DODUMP)
    unsafe base.deallocate()
  }
}

/// Bytes that nobody shall read: kept out of swap and of core dumps where the system allows it, overwritten when their
/// last owner goes.
@safe
package final class Secret: @unchecked Sendable {
  // `@unchecked`: nothing is written after `init`.
  private let base: UnsafeMutableRawPointer
  package let count: Int

  /// - Parameter fill: Writes all of the bytes, which are 0 before.
  init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    precondition(count > 0, "an empty secret")
    self.count = count
    unsafe base = LockedMemory.shared.take(count)
    do { try unsafe fill(UnsafeMutableRawBufferPointer(start: base, count: count)) } catch {
      unsafe LockedMemory.shared.giveBack(base, count)
      throw error
    }
  }

  deinit { unsafe LockedMemory.shared.giveBack(base, count) }

  /// Takes bytes over and overwrites them where they were.
  package convenience init(taking bytes: inout [UInt8]) {
    unsafe self.init(count: max(bytes.count, 1)) { unsafe $0.copyBytes(from: bytes) }
    // SAFETY: the array's bytes are its own.
    unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes = []
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    // SAFETY: the memory lives as long as `self`, and holds `count` bytes.
    try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
  }
}
