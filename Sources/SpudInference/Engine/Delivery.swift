internal import SpudErrors
internal import SpudSchema
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
    /// Calls that have not ended yet, by number.
    var calls: [Int: ToolCall] = [:]
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
  /// - Parameters:
  ///   - step: Of a unified model: what the id opened or closed.
  ///   - report: The id itself, where it is to be told.
  func push(_ id: Int32, _ step: PieceAssembler.Step?, report: GeneratedToken? = nil) {
    if let report { inOrder(waits: false) { [self] in deliver(.token(report)) } }
    for output in assembler.push(id, step) { pass(output) }
  }

  /// Has the mask of a state made beside the thread that computes, before it is asked for.
  func prepare(_ shape: TokenConstraint, after state: TokenConstraint.State) {
    thread.start { _ = shape.mask(after: state) }
  }

  func bytes(of id: Int32) -> [UInt8] { assembler.bytes(of: id) }
  func modality(of id: Int32) -> Modality? { assembler.modality(of: id) }

  /// The text at which the answer ended.
  var stop: String? { assembler.stop }

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
    case .call(let piece): inOrder(waits: false) { [self] in add(piece) }
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

  private func add(_ piece: CallPiece) {
    state.withLock { state in
      switch piece {
      case .begun(let index, let id, let name): state.calls[index] = ToolCall(id: id, name: name, arguments: "")
      case .arguments(let index, let text): state.calls[index]?.arguments += text
      case .ended(let index, let isWhole):
        if let call = state.calls.removeValue(forKey: index), isWhole { state.parts.append(.call(call)) }
      }
    }
    deliver(.call(piece))
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
    for piece in parts.compactMap(Piece.init) { deliver(piece) }
  }
}
