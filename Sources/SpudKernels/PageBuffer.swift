internal import CSpudKernels
internal import SpudErrors

/// Memory for one packed matrix or one cache: zeroed, 64-byte aligned, on huge pages when it is large.
@safe
final class PageBuffer: @unchecked Sendable {
  // `@unchecked`: it only owns the memory; who writes it, and when, is the owner's business.
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let isMapped: Bool

  /// - Throws: `SpudError` when the system has no memory left.
  init(byteCount: Int, for purpose: @autoclosure () -> String) throws {
    self.byteCount = byteCount
    isMapped = byteCount >= 1 << 20
    if isMapped {
      guard let pages = unsafe spud_allocate_pages(byteCount) else {
        throw SpudError(.unavailable, "There is no memory for \(purpose()): \(byteCount) bytes were asked for.")
      }
      unsafe base = pages
    } else {
      unsafe base = .allocate(byteCount: max(byteCount, 64), alignment: 64)
      unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, 64))
    }
  }

  deinit {
    if isMapped {
      unsafe spud_free_pages(base, byteCount)
    } else {
      unsafe base.deallocate()
    }
  }
}

/// Memory that grows when more is asked for and is given back with its owner: after the first passes, nothing is
/// allocated any more. It cannot be copied: two owners would free it twice.
@safe
struct Workspace: ~Copyable {
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0

  deinit { unsafe memory?.deallocate() }

  /// At least `byteCount` bytes, 64-byte aligned; what was in them is lost when it has to grow.
  mutating func bytes(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if let memory = unsafe memory, byteCount <= capacity { return unsafe memory }
    unsafe memory?.deallocate()
    let rounded = max(byteCount, 4096) + max(byteCount, 4096) / 4
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: rounded, alignment: 64)
    unsafe fresh.initializeMemory(as: UInt8.self, repeating: 0, count: rounded)
    unsafe memory = fresh
    capacity = rounded
    return unsafe fresh
  }

  mutating func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    unsafe bytes(count * 4).assumingMemoryBound(to: Float.self)
  }
}

extension Int {
  /// The smallest multiple of `unit` that is not below this number.
  func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
