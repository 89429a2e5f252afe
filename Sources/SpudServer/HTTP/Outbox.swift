#if Server
internal import Synchronization

/// What a stream sends, on its way from where it is made to the connection.
///
/// Who puts something in waits while much of it is unsent: so a client that does not read makes its answer pause.
final class Outbox: Sendable {
  private static let byteLimit = 1 << 20

  private struct State {
    var parts: [[UInt8]] = []
    var bytes = 0
    var end: Result<Void, any Error>?
    var isAbandoned = false
    var hasBegun = false
    var reader: CheckedContinuation<[UInt8]?, any Error>?
    var writers: [CheckedContinuation<Void, Never>] = []
    var lastPut = ContinuousClock.now
  }
  private let state = Mutex(State())

  /// Sends some bytes.
  ///
  /// - Throws: `CancellationError` when nobody reads any more.
  func put(_ bytes: [UInt8]) async throws {
    try Task.checkCancellation()
    guard !bytes.isEmpty else { return }
    add(bytes)
    while true {
      let isFull = state.withLock { $0.bytes > Self.byteLimit && !$0.isAbandoned }
      guard isFull else { break }
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          guard state.bytes > Self.byteLimit, !state.isAbandoned else { return true }
          state.writers.append(continuation)
          return false
        }
        if goesOn { continuation.resume() }
      }
    }
    if state.withLock({ $0.isAbandoned }) { throw CancellationError() }
  }

  /// Sends some bytes if nothing was for a while.
  func putIfIdle(_ bytes: [UInt8], for duration: Duration) {
    let isIdle = state.withLock { $0.bytes == 0 && $0.end == nil && $0.lastPut.duration(to: .now) >= duration }
    if isIdle { add(bytes) }
  }

  /// Ends the stream behind what is in it.
  func finish(throwing error: (any Error)? = nil) {
    let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
      guard state.end == nil else { return nil }
      state.end = error.map { .failure($0) } ?? .success(())
      defer { state.reader = nil }
      return state.reader
    }
    if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
  }

  /// Nobody reads any more.
  func abandon() {
    let (reader, writers) = state.withLock { state in
      state.isAbandoned = true
      state.parts = []
      state.bytes = 0
      defer { (state.reader, state.writers) = (nil, []) }
      return (state.reader, state.writers)
    }
    reader?.resume(returning: nil)
    for writer in writers { writer.resume() }
  }

  /// All that is there, as soon as there is something; nil at the end.
  func next() async throws -> [UInt8]? {
    try await withCheckedThrowingContinuation { continuation in
      let (now, writers) = state.withLock {
        state -> (Result<[UInt8]?, any Error>?, [CheckedContinuation<Void, Never>]) in
        if state.isAbandoned { return (.success(nil), []) }
        if !state.parts.isEmpty {
          defer { (state.parts, state.bytes, state.writers) = ([], 0, []) }
          return (.success(state.parts.count == 1 ? state.parts[0] : Array(state.parts.joined())), state.writers)
        }
        if let end = state.end { return (end.map { nil }, []) }
        state.reader = continuation
        return (nil, [])
      }
      for writer in writers { writer.resume() }
      if let now { continuation.resume(with: now) }
    }
  }

  private func add(_ bytes: [UInt8]) {
    let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
      guard state.end == nil, !state.isAbandoned else { return nil }
      state.lastPut = .now
      if let reader = state.reader {
        state.reader = nil
        return reader
      }
      state.parts.append(bytes)
      state.bytes += bytes.count
      return nil
    }
    reader?.resume(returning: bytes)
  }
}
#endif
