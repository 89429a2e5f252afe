internal import SpudErrors
internal import SpudModels
internal import SpudTokens

/// How a model's conversations are written as ids, and its answers read.
enum PromptForm: Sendable {
  /// A unified model's stream.
  case stream(StreamTokenizer)
  /// A text-only model's text.
  case text(TextForm)

  /// A prompt as ids.
  struct Prompt: Sendable {
    var ids: [Int32]
    /// How each id came to be in it: what a model wrote itself is marked so, and meets what it left in the cache.
    var marks: [Mark]
    var usage: Usage
    /// A text-only model's prompt as text.
    var text: TextForm.Text?
    /// Whether what was to be a system's turn was put before the user's text.
    var foldsSystem = false
  }

  /// The ids of a conversation that asks for an answer.
  ///
  /// - Parameters:
  ///   - request: What comes after `history`; for a text-only model, which is written anew every time, all turns.
  ///   - history: A unified model's ids so far, whole turns; empty at the beginning.
  ///   - media: What the conversation's media were coded as, and are after this.
  ///   - answers: The model's answers so far, with whose they are; nil finds none again.
  /// - Throws: `SpudError` (`usage`) for a turn that this model cannot read.
  func prompt(
    _ request: Request, after history: [Int32], cache media: inout CodedMedia,
    answers: (memory: AnswerMemory, scope: CacheScope)?
  ) throws -> Prompt {
    let isEmpty = SpudError(.usage, "the prompt is empty: give some text, a picture, a sound or a video")
    if case .text(let form) = self, let ids = request.ids { return try form.prompt(of: ids) }
    guard let last = request.turns.last else { throw isEmpty }
    guard last.role == .user || last.role == .tool else {
      throw SpudError(.usage, "the last turn is the \(last.role.rawValue)'s, but must be the user's or a tool's")
    }
    guard !last.parts.allSatisfy({ $0 == .text("") }) else { throw isEmpty }
    switch self {
    case .stream(let tokenizer):
      return try Self.prompt(request, after: history, tokenizer, cache: &media, answers: answers)
    case .text(let chat):
      let form = request.continuesText ? chat.continuing : chat
      let text = try form.text(of: request)
      let known = answers.flatMap { $0.memory.beginning(of: text, scope: $0.scope) }
      let rest = form.ids(of: text, from: known?.byteCount ?? 0)
      let ids = (known?.sequence.ids ?? []) + rest
      // Without a chat form nothing is added to the text, and a tokenizer may know none of its characters.
      guard !ids.isEmpty else { throw isEmpty }
      var usage = Usage()
      usage.text = ids.count
      return Prompt(
        ids: ids, marks: (known?.sequence.marks ?? []) + rest.map { _ in .read }, usage: usage, text: text)
    }
  }

  private static func prompt(
    _ request: Request, after history: [Int32], _ tokenizer: StreamTokenizer, cache media: inout CodedMedia,
    answers: (memory: AnswerMemory, scope: CacheScope)?
  ) throws -> Prompt {
    guard request.tools.isEmpty else {
      throw SpudError(.usage, "this model calls no functions, so it cannot be given tools")
    }
    let turns = foldingSystem(request.turns)
    let vocabulary = tokenizer.vocabulary
    var ids: [Int32]
    if history.isEmpty {
      ids = try tokenizer.encodePrompt(turns, cache: &media).ids
      if let answers { ids = findingAnswers(in: ids, of: turns, vocabulary, answers) }
    } else {
      ids = history + (try tokenizer.encodeContinuation(turns, cache: &media).ids)
      ids.append(vocabulary.id(of: .assistant))
    }
    return Prompt(
      ids: ids, marks: marks(of: ids, in: vocabulary), usage: usage(of: ids, in: vocabulary),
      foldsSystem: turns.count != request.turns.count)
  }

  /// A unified model knows no system's turns: what they say goes before the user's next text.
  private static func foldingSystem(_ turns: [StreamTurn]) -> [StreamTurn] {
    var folded: [StreamTurn] = []
    var waiting: [StreamPart] = []
    for turn in turns {
      switch turn.role {
      case .system:
        waiting += turn.parts
      case .user where !waiting.isEmpty:
        folded.append(StreamTurn(.user, waiting + [.text("\n")] + turn.parts))
        waiting = []
      case .user, .assistant, .tool: folded.append(turn)
      }
    }
    return folded
  }

  /// The ids of a stream in which answers that the model gave are as it wrote them.
  private static func findingAnswers(
    in ids: [Int32], of turns: [StreamTurn], _ vocabulary: Vocabulary,
    _ answers: (memory: AnswerMemory, scope: CacheScope)
  ) -> [Int32] {
    let (assistant, end) = (vocabulary.id(of: .assistant), vocabulary.id(of: .end))
    var result: [Int32] = []
    var rest = ids[...]
    for turn in turns {
      guard let last = rest.firstIndex(of: end) else { break }
      let whole = rest[...last]
      rest = rest[(last + 1)...]
      guard turn.role == .assistant, let mark = whole.firstIndex(of: assistant) else {
        result += whole
        continue
      }
      result += whole[...mark]
      result += answers.memory.ids(of: turn.parts, after: result, scope: answers.scope) ?? Array(whole[(mark + 1)...])
    }
    return result + rest
  }

  /// How each of a conversation's ids came to be in it, as far as the ids tell: a text-only model's do not.
  func marks(of ids: [Int32]) -> [Mark] {
    guard case .stream(let tokenizer) = self else { return ids.map { _ in .read } }
    return Self.marks(of: ids, in: tokenizer.vocabulary)
  }

  /// Of a unified model's stream, what is in the assistant's turns was written.
  private static func marks(of ids: [Int32], in vocabulary: Vocabulary) -> [Mark] {
    let (assistant, end) = (vocabulary.id(of: .assistant), vocabulary.id(of: .end))
    var isInAnswer = false
    return ids.map { id in
      defer { isInAnswer = id == assistant || isInAnswer && id != end }
      return isInAnswer ? .written : .read
    }
  }

  /// What an answer may hold.
  ///
  /// - Throws: `SpudError` (`usage`) when this model cannot answer in the form asked for.
  func constraint(_ options: GenerationOptions, after prompt: Prompt) throws -> Constraint {
    switch self {
    case .stream(let tokenizer):
      var policy = StreamPolicy()
      policy.thinking = options.thinking
      policy.thoughtLimit = GenerationOptions.defaultThinking
      policy.output =
        switch options.output {
        case nil: options.form == .free ? .any : .text
        case .text: .text
        case .image: .image
        case .audio: .audio
        }
      return .grammar(StreamGrammar(tokenizer.vocabulary, beginning: .turn, policy: policy))
    case .text(let form):
      if let output = options.output, output != .text {
        throw SpudError(.usage, "this model writes text only, so it cannot answer with \(output.rawValue)")
      }
      return .text(
        Constraint.TextRules(
          vocabularyCount: form.tokenizer.vocabularyCount, endings: form.endings, thoughts: form.thoughts,
          thinking: options.thinking ?? GenerationOptions.defaultThinking,
          isThinking: prompt.text.map(form.beginsInThought) ?? false))
    }
  }

  /// What turns an answer's ids into pieces.
  ///
  /// - Throws: `SpudError` for stop strings that are empty, too long or too many.
  func makeAssembler(_ request: Request, after prompt: Prompt) throws -> PieceAssembler {
    switch self {
    case .stream(let tokenizer): try PieceAssembler(stream: tokenizer, stops: request.options.stops)
    case .text(let form):
      try PieceAssembler(
        request.continuesText ? form.continuing : form, beginsInThought: prompt.text.map(form.beginsInThought) ?? false,
        tools: request.tools,
        stops: request.options.stops)
    }
  }

  /// Refuses a decoder that has fewer rows than the tokenizer has ids.
  func check(rows: Int, path: String) throws {
    let (count, kind) =
      switch self {
      case .stream(let tokenizer): (tokenizer.vocabulary.count, "vocabulary.json")
      case .text(let form): (form.tokenizer.vocabularyCount, "the tokenizer")
      }
    guard count <= rows else {
      throw SpudError(.badData, "\(path): \(kind) has \(count) ids, but the decoder has only \(rows)")
    }
  }

  private static func usage(of ids: [Int32], in vocabulary: Vocabulary) -> Usage {
    var usage = Usage()
    for id in ids {
      switch vocabulary.modality(of: id) {
      case .image: usage.image += 1
      case .audio: usage.audio += 1
      case .text, .control, nil: usage.text += 1
      }
    }
    return usage
  }
}
