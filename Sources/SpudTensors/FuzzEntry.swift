#if SPUD_FUZZ
internal import Synchronization

/// Where libFuzzer comes in. It hands over a pointer, which this module may touch and `spud-fuzz` may not.
package enum FuzzEntry {
  private static let parser = Mutex<@Sendable ([UInt8]) -> Void>({ _ in preconditionFailure("no parser to fuzz") })

  /// Sets what every input goes to. Before the first one.
  package static func fuzz(_ run: @escaping @Sendable ([UInt8]) -> Void) { parser.withLock { $0 = run } }

  fileprivate static func run(_ input: [UInt8]) { parser.withLock { $0 }(input) }
}

/// libFuzzer's entry point: one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // SAFETY: libFuzzer passes `count` bytes that live for the call; they are copied at once.
  FuzzEntry.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
#endif
