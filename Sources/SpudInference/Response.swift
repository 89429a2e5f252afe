internal import Synchronization

/// An answer that is being generated: its pieces as they come.
///
///     for try await piece in model.respond(to: [.text("What is a potato?")]) {
///       if case .text(let words) = piece { print(words, terminator: "") }
///     }
///
/// One task reads it, once. Pieces wait for whoever reads slowly, up to a limit; then the model pauses, and after half
/// a minute it stops. The last piece is `.finished`. Cancelling the task that iterates, or leaving the loop, stops the
/// model within one step; the loop then ends without `.finished`. `interrupt()` stops it too, but in order: what there
/// is gets delivered, and `.finished` says `interrupted`.
public struct Response: AsyncSequence, Sendable {
  public typealias Element = Piece
  public typealias Failure = any Error

  private let reader: Reader

  /// Whoever reads an answer: when nobody does any more, the model stops.
  fileprivate final class Reader: Sendable {
    let buffer: PieceBuffer
    let interruption: Interruption

    init(_ buffer: PieceBuffer, _ interruption: Interruption) {
      self.buffer = buffer
      self.interruption = interruption
    }

    deinit { interruption.request() }
  }

  init(_ buffer: PieceBuffer, interruption: Interruption) {
    reader = Reader(buffer, interruption)
  }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let reader: Reader

    public mutating func next() async throws -> Piece? {
      try await withTaskCancellationHandler {
        try await reader.buffer.next()
      } onCancel: { [reader] in
        reader.interruption.request()
        reader.buffer.abandon()
      }
    }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

  /// Has the model stop after the token it is at. May be called from anywhere, any number of times.
  public func interrupt() {
    reader.interruption.request()
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
