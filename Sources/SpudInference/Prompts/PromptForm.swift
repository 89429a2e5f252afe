internal import SpudErrors
internal import SpudModels
internal import SpudTokens

/// How a model's conversations are written as ids, and its answers read.
enum PromptForm: Sendable {
  /// A unified model's stream.
  case stream(StreamTokenizer)
  /// A text-only model's text.
  case text(TextForm)

  /// What a text-only checkpoint says about its text.
  struct TextForm: Sendable {
    var tokenizer: TextTokenizer
    var template: ChatTemplate
    /// The token with which every text begins, if it has one.
    var beginning: Int32?
    /// Ids that end an answer.
    var endings: Set<Int32>
    /// The marks of a thought, if the model has them.
    var thoughts: PieceAssembler.ThoughtMarks?
  }

  /// A prompt as ids.
  struct Prompt: Sendable {
    var ids: [Int32]
    var usage: Usage
  }

  /// The ids of a conversation that asks for an answer.
  ///
  /// - Parameters:
  ///   - history: A unified model's ids so far, whole turns; empty at the beginning.
  ///   - turns: What comes after `history`; for a text-only model, which is written anew every time, all turns.
  ///   - media: What the conversation's media were coded as, and are after this.
  /// - Throws: `SpudError` (`usage`) for a turn that this model cannot read.
  func prompt(
    after history: [Int32], turns: [StreamTurn], cache media: inout CodedMedia, thinking: Int?
  ) throws -> Prompt {
    let isEmpty = SpudError(.usage, "the prompt is empty: give some text, a picture, a sound or a video")
    guard let last = turns.last, last.role == .user, !last.parts.allSatisfy({ $0 == .text("") }) else { throw isEmpty }
    switch self {
    case .stream(let tokenizer):
      var ids: [Int32]
      if history.isEmpty {
        ids = try tokenizer.encodePrompt(turns, cache: &media).ids
      } else {
        ids = history + (try tokenizer.encodeContinuation(turns, cache: &media).ids)
        ids.append(tokenizer.vocabulary.id(of: .assistant))
      }
      return Prompt(ids: ids, usage: Self.usage(of: ids, in: tokenizer.vocabulary))
    case .text(let form):
      let ids = try form.ids(of: turns, thinking: thinking)
      // Without a chat form nothing is added to the text, and a tokenizer may know none of its characters.
      guard !ids.isEmpty else { throw isEmpty }
      var usage = Usage()
      usage.text = ids.count
      return Prompt(ids: ids, usage: usage)
    }
  }

  /// How each id of a prompt came to be in it. Of a unified model's stream, what is in the assistant's turns was
  /// written. A text-only model's prompt is read as a whole: what it answered is not found in its text again for sure.
  func marks(of ids: [Int32]) -> [Mark] {
    guard case .stream(let tokenizer) = self else { return ids.map { _ in .read } }
    let (assistant, end) = (tokenizer.vocabulary.id(of: .assistant), tokenizer.vocabulary.id(of: .end))
    var isInAnswer = false
    return ids.map { id in
      defer { isInAnswer = id == assistant || isInAnswer && id != end }
      return isInAnswer ? .written : .read
    }
  }

  /// What an answer may hold.
  ///
  /// - Throws: `SpudError` (`usage`) when this model cannot answer in the form asked for.
  func constraint(_ options: GenerationOptions) throws -> Constraint {
    switch self {
    case .stream(let tokenizer):
      var policy = StreamPolicy()
      policy.thinking = options.thinking
      policy.thoughtLimit = GenerationOptions.defaultThinking
      policy.output =
        switch options.output {
        case nil: .any
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
          thinking: options.thinking ?? GenerationOptions.defaultThinking))
    }
  }

  /// What turns an answer's ids into pieces.
  func makeAssembler() -> PieceAssembler {
    switch self {
    case .stream(let tokenizer): PieceAssembler(stream: tokenizer)
    case .text(let form): PieceAssembler(text: form.tokenizer, thoughts: form.thoughts)
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

extension PromptForm.TextForm {
  /// The ids of a conversation, up to where the assistant's answer begins.
  func ids(of turns: [StreamTurn], thinking: Int?) throws -> [Int32] {
    let segments = template.segments(of: try turns.map(Self.textTurn), beginning: nil)
    var ids: [Int32] = beginning.map { [$0] } ?? []
    for segment in segments {
      switch segment {
      case .text(let text):
        ids += tokenizer.encode(text)
      case .special(let name):
        guard let id = tokenizer.id(of: name) else {
          throw SpudError(
            .badData, "the tokenizer has no token \(name), which the model's chat template (\(template.rawValue)) needs"
          )
        }
        ids.append(id)
      }
    }
    // As Qwen 3's template does when thinking is switched off: the thought is there, and empty.
    if thinking == 0, let thoughts {
      ids.append(thoughts.open)
      ids += tokenizer.encode("\n\n")
      ids.append(thoughts.close)
      ids += tokenizer.encode("\n\n")
    }
    return ids
  }

  private static func textTurn(_ turn: StreamTurn) throws -> ChatTemplate.Turn {
    var text = ""
    for part in turn.parts {
      switch part {
      case .text(let words): text += words
      // What a model thought earlier is not shown to it again, as its own template has it.
      case .thought: break
      case .image, .audio, .video:
        throw SpudError(
          .usage, "this model reads text only, but the prompt holds \(part.kind == .audio ? "a sound" : "a picture")")
      }
    }
    return ChatTemplate.Turn(isUser: turn.role == .user, text: text)
  }
}
