internal import SpudErrors
internal import SpudTokens

/// Turns the ids of one answer into pieces, as they come.
///
/// Words leave at once, whole characters at a time; a picture, a sound or a video leaves when it is closed, as ids that
/// are still to be decoded.
struct PieceAssembler {
  /// What an id completes.
  enum Output {
    case text(String)
    case thought(String)
    /// The ids of a picture, a sound or a video.
    case medium([Int32], StreamTokenizer)
  }

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
  mutating func push(_ id: Int32) throws -> [Output] {
    switch form {
    case .text(let tokenizer, let marks):
      if let marks, id == marks.open || id == marks.close {
        let output = flush()
        isThinking = id == marks.open
        return output
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
  mutating func finish() -> [Output] {
    if !span.isEmpty, case .stream(_, let grammar) = form { unfinished = grammar.openPart }
    span.removeAll()
    return flush()
  }

  private mutating func take(
    _ id: Int32, from before: PartKind?, to after: PartKind?, with tokenizer: StreamTokenizer
  ) throws -> [Output] {
    switch (before, after) {
    case (.thought, .thought), (.text, .text):
      return words(decoder.push(id))
    case (.thought, _), (_, .thought):
      let output = flush()
      isThinking = after == .thought
      return output
    case (.text, nil):
      return flush()
    case (.text, _):
      let output = flush()
      span = [id]
      return output
    default:
      span.append(id)
      guard after == .text else { return [] }
      defer { span.removeAll() }
      return [.medium(span, tokenizer)]
    }
  }

  private mutating func flush() -> [Output] {
    let output = words(decoder.finish())
    decoder = StreamingDecoder(tokenizer)
    return output
  }

  private mutating func words(_ text: String) -> [Output] {
    guard !text.isEmpty else { return [] }
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
