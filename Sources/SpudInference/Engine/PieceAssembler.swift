internal import SpudErrors
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens

/// Turns the ids of one answer into pieces, as they come.
///
/// Words leave at once, whole characters at a time; a picture, a sound or a video leaves when it is closed, as ids that
/// are still to be decoded; a call leaves as its name, its arguments and its end.
struct PieceAssembler {
  /// What an id completes.
  enum Output {
    case text(String)
    case thought(String)
    case call(CallPiece)
    /// The ids of a picture, a sound or a video.
    case medium([Int32], StreamTokenizer)
  }

  /// What was open before an id of a unified model's answer, and what is after it.
  struct Step {
    var before: PartKind?
    var after: PartKind?
  }

  private enum Form {
    case stream(StreamTokenizer, StopFilter)
    case text(TextForm, AnswerReader)
  }

  private var form: Form
  private var decoder: StreamingDecoder
  private let tokenizer: TextTokenizer
  private var isThinking = false
  /// The ids of the media span that is open.
  private var span: [Int32] = []
  /// The kind of medium that was open at the end, and is dropped.
  private(set) var unfinished: PartKind?
  private var lastStep = Step()

  /// For a unified model, whose answer begins inside a turn.
  init(stream tokenizer: StreamTokenizer, stops: [String] = []) throws {
    form = .stream(tokenizer, try StopFilter(stops))
    self.tokenizer = tokenizer.text
    decoder = StreamingDecoder(tokenizer.text)
  }

  /// For a text-only model.
  ///
  /// - Parameters:
  ///   - beginsInThought: Whether the prompt already opened a thought.
  ///   - tools: The functions that the answer may call; without any, what looks like a call is text.
  init(_ form: TextForm, beginsInThought: Bool = false, tools: [Tool] = [], stops: [String] = []) throws {
    // Channels are how such a model writes every answer.
    let format = tools.isEmpty && form.format != .harmony ? .plain : form.format
    let strings = Dictionary(
      tools.map { ($0.name, Self.stringParameters(of: $0)) }, uniquingKeysWith: { first, _ in first })
    let parser = AnswerParser(
      format, thinks: form.thoughts != nil, beginsInThought: beginsInThought, strings: strings)
    self.form = .text(form, AnswerReader(stops: try StopFilter(stops), parser: parser))
    tokenizer = form.tokenizer
    decoder = StreamingDecoder(tokenizer)
  }

  /// Formats without JSON need to know which parameters are strings.
  private static func stringParameters(of tool: Tool) -> Set<String> {
    guard let text = tool.parameters, let schema = try? JSONValue(parsing: text, name: tool.name) else { return [] }
    let members = schema["properties"]?.object?.members ?? []
    return Set(members.filter { $0.value["type"]?.string == "string" }.map(\.key))
  }

  /// What an id stands for; nothing where it is no text's.
  func bytes(of id: Int32) -> [UInt8] {
    if case .stream(let tokenizer, _) = form, !tokenizer.vocabulary.text.contains(id) { return [] }
    return Array(tokenizer.piece(of: id))
  }

  func modality(of id: Int32) -> Modality? {
    if case .stream(let tokenizer, _) = form { tokenizer.vocabulary.modality(of: id) } else { nil }
  }

  /// The text at which the answer ended.
  var stop: String? {
    switch form {
    case .stream(_, let filter): filter.stop
    case .text(_, let reader): reader.stop
    }
  }

  /// Takes one more id of the answer.
  ///
  /// - Parameter step: Of a unified model: what the id opened or closed.
  /// - Returns: The pieces that are complete with it.
  mutating func push(_ id: Int32, _ step: Step? = nil) -> [Output] {
    switch form {
    case .text(let form, var reader):
      // What no text becomes is shown to nobody, but for the marks that the reader knows.
      if tokenizer.isSpecial(id), !form.marks(id) { return [] }
      let output = reader.push(decoder.push(id).utf8).compactMap(Self.output)
      self.form = .text(form, reader)
      return output
    case .stream(let tokenizer, _):
      guard let step else { return [] }
      lastStep = step
      return take(id, step, with: tokenizer)
    }
  }

  /// What is left when the answer ends: the replacement character for one that was never completed. An open
  /// media span is dropped.
  mutating func finish() -> [Output] {
    switch form {
    case .stream(let tokenizer, var filter):
      if !span.isEmpty { unfinished = lastStep.after }
      span.removeAll()
      var output = flush()
      let held = filter.finish()
      form = .stream(tokenizer, filter)
      if !held.isEmpty { output.append(.text(held)) }
      return output
    case .text(let form, var reader):
      let output = (reader.push(decoder.finish().utf8) + reader.finish()).compactMap(Self.output)
      self.form = .text(form, reader)
      return output
    }
  }

  private static func output(_ event: AnswerEvent) -> Output? {
    switch event {
    case .content(let text): text.isEmpty ? nil : .text(text)
    case .reasoning(let text): text.isEmpty ? nil : .thought(text)
    case .callStarted(let index, let name, let id): .call(.begun(index: index, id: id ?? callID(), name: name))
    case .callArguments(let index, let text): .call(.arguments(index: index, text))
    case .callEnded(let index, let isWhole): .call(.ended(index: index, isWhole: isWhole))
    // Media do not come out of text.
    case .medium: nil
    }
  }

  /// An id that no other call has: nine letters and digits, which is what Mistral's templates ask for.
  private static func callID() -> String {
    let characters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return String((0..<9).map { _ in characters[Int.random(in: characters.indices)] })
  }

  private mutating func take(_ id: Int32, _ step: Step, with tokenizer: StreamTokenizer) -> [Output] {
    switch (step.before, step.after) {
    case (.thought, .thought), (.text, .text):
      return words(decoder.push(id))
    case (.thought, _), (_, .thought):
      let output = flush()
      isThinking = step.after == .thought
      return output
    case (.text, nil):
      return flush()
    case (.text, _):
      let output = flush()
      span = [id]
      return output
    default:
      span.append(id)
      guard step.after == .text else { return [] }
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
    if isThinking { return [.thought(text)] }
    guard case .stream(let tokenizer, var filter) = form else { return [.text(text)] }
    let passed = filter.push(text)
    form = .stream(tokenizer, filter)
    return passed.isEmpty ? [] : [.text(passed)]
  }
}

extension TextForm {
  /// Whether a special token is one of the marks between thoughts, calls and text.
  fileprivate func marks(_ id: Int32) -> Bool {
    if let thoughts, id == thoughts.open || id == thoughts.close { return true }
    return format.readsSpecialTokens
  }
}

extension Piece {
  /// A finished part as the piece that carries it; nil for a call, which comes in pieces of its own.
  init?(_ part: StreamPart) {
    switch part {
    case .text(let words): self = .text(words)
    case .thought(let words): self = .thought(words)
    case .image(let image): self = .image(image)
    case .audio(let waveform): self = .audio(waveform)
    case .video(let clip): self = .video(clip)
    case .call, .result: return nil
    }
  }
}
