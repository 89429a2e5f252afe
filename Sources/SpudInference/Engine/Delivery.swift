internal import SpudErrors
internal import SpudTokens
internal import Synchronization

/// Takes one answer's ids to whoever reads it: words at once, media when they are decoded, all in order.
///
/// Decoding a picture or a sound takes longer than computing many ids, so it is done on a thread beside the one that
/// computes; what comes behind it waits for it there.
final class Delivery: @unchecked Sendable {
  // `@unchecked`: the assembler belongs to the thread that computes; the rest is behind a lock.
  private var assembler: PieceAssembler
  private let thread: ComputeThread
  private let deliver: @Sendable (Piece) -> Void

  private struct State {
    /// Everything so far; neighbouring text is one part.
    var parts: [StreamPart] = []
    var error: (any Error)?
    /// Jobs that the other thread has not done yet.
    var outstanding = 0
  }
  private let state = Mutex(State())

  /// - Parameters:
  ///   - thread: Decodes media.
  ///   - deliver: Is given every piece but `.finished`, from either thread, never from both at once.
  init(_ assembler: PieceAssembler, on thread: ComputeThread, deliver: @escaping @Sendable (Piece) -> Void) {
    self.assembler = assembler
    self.thread = thread
    self.deliver = deliver
  }

  /// Takes one more id of the answer.
  ///
  /// - Throws: `SpudError` (`badData`) when the id breaks the grammar, which a masked sampler never does.
  func push(_ id: Int32) throws {
    for output in try assembler.push(id) { pass(output) }
  }

  /// Takes the end of the answer: `completion` is told its parts when all have been delivered, and the kind of medium
  /// that was left open.
  func finish(_ completion: @escaping @Sendable (Result<[StreamPart], any Error>, PartKind?) -> Void) {
    for output in assembler.finish() { pass(output) }
    let unfinished = assembler.unfinished
    inOrder(waits: false) { [self] in
      let (parts, error) = state.withLock { ($0.parts, $0.error) }
      completion(error.map { .failure($0) } ?? .success(parts), unfinished)
    }
  }

  private func pass(_ output: PieceAssembler.Output) {
    switch output {
    case .text(let words): inOrder(waits: false) { [self] in add([.text(words)]) }
    case .thought(let words): inOrder(waits: false) { [self] in add([.thought(words)]) }
    case .medium(let ids, let tokenizer):
      inOrder(waits: true) { [self] in
        do { add(try tokenizer.decodeParts(ids)) } catch { state.withLock { $0.error = $0.error ?? error } }
      }
    }
  }

  /// Runs `job` here, or on the other thread if it waits or something before it does.
  private func inOrder(waits: Bool, _ job: @escaping @Sendable () -> Void) {
    let isNext = state.withLock { state in
      if !waits, state.outstanding == 0 { return true }
      state.outstanding += 1
      return false
    }
    if isNext { return job() }
    thread.start { [self] in
      job()
      state.withLock { $0.outstanding -= 1 }
    }
  }

  private func add(_ parts: [StreamPart]) {
    state.withLock { state in
      for part in parts {
        switch (part, state.parts.last) {
        case (.thought(let words), .thought(let before)): state.parts[state.parts.count - 1] = .thought(before + words)
        case (.text(let words), .text(let before)): state.parts[state.parts.count - 1] = .text(before + words)
        default: state.parts.append(part)
        }
      }
    }
    for part in parts { deliver(Piece(part)) }
  }
}
