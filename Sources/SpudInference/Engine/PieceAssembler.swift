internal import SpudErrors
internal import SpudTokens

/// Turns the ids of one answer into pieces, as they come.
///
/// Words leave at once, whole characters at a time; a picture, a sound or a video leaves when it is closed.
struct PieceAssembler {
  /// The ids of `<think>` and `</think>` in a text-only model that has them.
  struct ThoughtMarks: Sendable, Equatable {
    var open: Int32
    var close: Int32
  }

  private enum Form {
    case stream(StreamTokenizer, StreamGrammar)
    case text(TextTokenizer, ThoughtMarks?)
  }

  private var form: Form
  private var decoder: StreamingDecoder
  private let tokenizer: TextTokenizer
  private var isThinking = false
  /// The ids of the media span that is open.
  private var span: [Int32] = []
  /// All parts so far; neighbouring text is one part.
  private(set) var parts: [StreamPart] = []
  /// The kind of medium that was open at the end, and is dropped.
  private(set) var unfinished: PartKind?

  /// For a unified model, whose answer begins inside a turn.
  init(stream tokenizer: StreamTokenizer) {
    form = .stream(tokenizer, StreamGrammar(tokenizer.vocabulary, beginning: .turn, policy: .unrestricted))
    self.tokenizer = tokenizer.text
    decoder = StreamingDecoder(tokenizer.text)
  }

  /// For a text-only model.
  init(text tokenizer: TextTokenizer, thoughts: ThoughtMarks?) {
    form = .text(tokenizer, thoughts)
    self.tokenizer = tokenizer
    decoder = StreamingDecoder(tokenizer)
  }

  /// Takes one more id of the answer.
  ///
  /// - Returns: The pieces that are complete with it.
  /// - Throws: `SpudError` (`badData`) when the id breaks the grammar, which a masked sampler never does.
  mutating func push(_ id: Int32) throws -> [Piece] {
    switch form {
    case .text(let tokenizer, let marks):
      if let marks, id == marks.open || id == marks.close {
        let pieces = flush()
        isThinking = id == marks.open
        return pieces
      }
      if tokenizer.isSpecial(id) { return [] }
      return words(decoder.push(id))
    case .stream(let tokenizer, var grammar):
      let before = grammar.openPart
      try grammar.push(id)
      form = .stream(tokenizer, grammar)
      return try take(id, from: before, to: grammar.openPart, with: tokenizer)
    }
  }

  /// What is left when the answer ends: the replacement character for one that was never completed. An open
  /// media span is dropped.
  mutating func finish() -> [Piece] {
    if !span.isEmpty, case .stream(_, let grammar) = form { unfinished = grammar.openPart }
    span.removeAll()
    return flush()
  }

  private mutating func take(
    _ id: Int32, from before: PartKind?, to after: PartKind?, with tokenizer: StreamTokenizer
  ) throws -> [Piece] {
    switch (before, after) {
    case (.thought, .thought), (.text, .text):
      return words(decoder.push(id))
    case (.thought, _), (_, .thought):
      let pieces = flush()
      isThinking = after == .thought
      return pieces
    case (.text, nil):
      return flush()
    case (.text, _):
      let pieces = flush()
      span = [id]
      return pieces
    default:
      span.append(id)
      guard after == .text else { return [] }
      defer { span.removeAll() }
      let closed = try tokenizer.decodeParts(span)
      parts += closed
      return closed.compactMap(Piece.init)
    }
  }

  private mutating func flush() -> [Piece] {
    let pieces = words(decoder.finish())
    decoder = StreamingDecoder(tokenizer)
    return pieces
  }

  private mutating func words(_ text: String) -> [Piece] {
    guard !text.isEmpty else { return [] }
    switch (isThinking, parts.last) {
    case (true, .thought(let before)): parts[parts.count - 1] = .thought(before + text)
    case (false, .text(let before)): parts[parts.count - 1] = .text(before + text)
    case (true, _): parts.append(.thought(text))
    case (false, _): parts.append(.text(text))
    }
    return [isThinking ? .thought(text) : .text(text)]
  }
}

extension Piece {
  /// A finished part as the piece that carries it.
  init(_ part: StreamPart) {
    switch part {
    case .text(let words): self = .text(words)
    case .thought(let words): self = .thought(words)
    case .image(let image): self = .image(image)
    case .audio(let waveform): self = .audio(waveform)
    case .video(let clip): self = .video(clip)
    }
  }
}
