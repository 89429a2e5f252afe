internal import COpenSSL
internal import Glibc

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
    unsafe base = .allocate(byteCount: count, alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    // Where the limit of locked memory is reached, the bytes are as safe as any other.
    _ = unsafe mlock(base, count)
    do { try unsafe fill(UnsafeMutableRawBufferPointer(start: base, count: count)) } catch {
      unsafe Self.end(base, count)
      throw error
    }
  }

  deinit { unsafe Self.end(base, count) }

  private static func end(_ base: UnsafeMutableRawPointer, _ count: Int) {
    unsafe OPENSSL_cleanse(base, count)
    _ = unsafe munlock(base, count)
    unsafe base.deallocate()
  }

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
