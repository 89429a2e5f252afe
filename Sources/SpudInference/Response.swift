internal import Synchronization

/// An answer that is being generated: its pieces as they come.
///
///     for try await piece in model.respond(to: [.text("What is a potato?")]) {
///       if case .text(let words) = piece { print(words, terminator: "") }
///     }
///
/// The last piece is `.finished`. Cancelling the task that iterates, or leaving the loop, stops the model within
/// one step; the loop then ends without `.finished`. `interrupt()` stops it too, but in order: what there is gets
/// delivered, and `.finished` says `interrupted`.
public struct Response: AsyncSequence, Sendable {
  public typealias Element = Piece
  public typealias Failure = any Error

  private let pieces: AsyncThrowingStream<Piece, any Error>
  private let interruption: Interruption

  /// - Parameter work: Starts the work, which delivers its pieces to the continuation.
  init(work: (AsyncThrowingStream<Piece, any Error>.Continuation, Interruption) -> Void) {
    let interruption = Interruption()
    let (pieces, continuation) = AsyncThrowingStream<Piece, any Error>.makeStream()
    continuation.onTermination = { _ in interruption.request() }
    self.pieces = pieces
    self.interruption = interruption
    work(continuation, interruption)
  }

  public func makeAsyncIterator() -> AsyncThrowingStream<Piece, any Error>.AsyncIterator {
    pieces.makeAsyncIterator()
  }

  /// Has the model stop after the token it is at. May be called from anywhere, any number of times.
  public func interrupt() {
    interruption.request()
  }

  /// The whole answer, when it is there.
  ///
  /// - Throws: What went wrong, or `CancellationError` when the task was cancelled before the answer was whole.
  public func answer() async throws -> Answer {
    for try await piece in self {
      if case .finished(let answer) = piece { return answer }
    }
    throw CancellationError()
  }
}

/// A request to stop, which any thread may make and the computing thread sees between two steps.
package final class Interruption: Sendable {
  private let requested = Atomic(false)

  package init() {}

  package var isRequested: Bool { requested.load(ordering: .relaxed) }

  package func request() {
    requested.store(true, ordering: .relaxed)
  }
}
