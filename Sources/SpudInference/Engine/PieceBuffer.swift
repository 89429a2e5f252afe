internal import Synchronization

/// The pieces of one answer on their way from where they are made to whoever reads them, who may be slow.
///
/// Nobody waits to put a piece in. Who makes them looks at `isFull`, and pauses.
final class PieceBuffer: Sendable {
  /// Pieces that may wait before the answer pauses.
  static let capacity = 256

  private struct State {
    var pieces: [Piece] = []
    var first = 0
    var end: Result<Void, any Error>?
    var isAbandoned = false
    var waiter: CheckedContinuation<Piece?, any Error>?
    var fullSince: ContinuousClock.Instant?

    var count: Int { pieces.count - first }

    mutating func take() -> Piece {
      let piece = pieces[first]
      first += 1
      if first == pieces.count {
        pieces.removeAll(keepingCapacity: true)
        first = 0
      }
      if count < PieceBuffer.capacity { fullSince = nil }
      return piece
    }
  }

  private let state = Mutex(State())

  /// Since when as many pieces wait as may; nil while there is room.
  var fullSince: ContinuousClock.Instant? { state.withLock { $0.fullSince } }

  func put(_ piece: Piece) {
    let waiter = state.withLock { state -> CheckedContinuation<Piece?, any Error>? in
      guard state.end == nil, !state.isAbandoned else { return nil }
      if let waiter = state.waiter {
        state.waiter = nil
        return waiter
      }
      state.pieces.append(piece)
      if state.count >= Self.capacity, state.fullSince == nil { state.fullSince = .now }
      return nil
    }
    waiter?.resume(returning: piece)
  }

  /// Ends the stream behind what is in it.
  func finish(throwing error: (any Error)? = nil) {
    let waiter = state.withLock { state -> CheckedContinuation<Piece?, any Error>? in
      guard state.end == nil else { return nil }
      state.end = error.map { .failure($0) } ?? .success(())
      defer { state.waiter = nil }
      return state.waiter
    }
    if let error { waiter?.resume(throwing: error) } else { waiter?.resume(returning: nil) }
  }

  /// Ends the stream at once: nobody reads it any more.
  func abandon() {
    let waiter = state.withLock { state -> CheckedContinuation<Piece?, any Error>? in
      state.isAbandoned = true
      state.pieces.removeAll()
      state.first = 0
      state.fullSince = nil
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: nil)
  }

  /// The next piece, when it is there; nil at the end.
  func next() async throws -> Piece? {
    try await withCheckedThrowingContinuation { continuation in
      let now = state.withLock { state -> Result<Piece?, any Error>? in
        if state.isAbandoned { return .success(nil) }
        if state.count > 0 { return .success(state.take()) }
        if let end = state.end { return end.map { nil } }
        precondition(state.waiter == nil, "two tasks read one answer")
        state.waiter = continuation
        return nil
      }
      if let now { continuation.resume(with: now) }
    }
  }
}
