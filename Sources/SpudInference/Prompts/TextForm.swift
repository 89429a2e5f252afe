internal import SpudErrors
internal import SpudModels
internal import SpudProtocol
internal import SpudTemplates
internal import SpudTensors
internal import SpudTokens

/// What a text-only checkpoint says about its text.
struct TextForm: Sendable {
  /// How a conversation becomes one text.
  enum Template: Sendable {
    /// As it is: the model continues it.
    case none
    /// By the checkpoint's own program.
    case program(ChatTemplate, source: String)
    /// The checkpoint has a program that cannot be run.
    case unusable(SpudError)
  }

  var tokenizer: TextTokenizer
  var template: Template
  /// The token with which every text begins, if it has one and no template writes it.
  var beginning: Int32?
  /// `bos_token` and the like, as the template may name them.
  var specialTokens: [(name: String, spelling: String)] = []
  /// Ids that end an answer.
  var endings: Set<Int32>
  /// The marks of a thought, if the model has them.
  var thoughts: ThoughtMarks?
  /// How the model writes calls.
  var format = AnswerFormat.plain

  /// The ids of `<think>` and `</think>` in a text-only model that has them.
  struct ThoughtMarks: Sendable, Equatable {
    var open: Int32
    var close: Int32
  }

  /// A conversation as one text, up to where the assistant's answer begins.
  struct Text: Sendable, Equatable {
    var bytes: [UInt8] = []
    /// Stretches that the template wrote, in which control tokens may stand.
    var written: [Range<Int>] = []
  }

  /// - Throws: `SpudError` (`usage`) for a turn that this model cannot read, (`badData`) when its template fails.
  func text(of request: Request) throws -> Text {
    switch template {
    case .none:
      guard request.tools.isEmpty else {
        throw SpudError(.usage, "this model has no chat template, so it cannot be given tools")
      }
      let bytes = try request.turns.flatMap { try Array(Self.words(of: $0).utf8) }
      return Text(bytes: bytes)
    case .unusable(let error): throw error
    case .program(let program, let source):
      guard request.tools.isEmpty || format != .plain else {
        throw SpudError(.usage, "this model's chat template knows no tools")
      }
      let rendered = try Self.render(program, request, specialTokens, thinking: request.options.thinking)
      // A template that knows nothing of thinking writes the same either way: then the thought is there, and empty.
      if request.options.thinking == 0, thoughts != nil, !source.contains("enable_thinking"),
        !source.contains("thinking")
      {
        return Self.closingThought(rendered)
      }
      return rendered
    }
  }

  private static func render(
    _ program: ChatTemplate, _ request: Request, _ specialTokens: [(name: String, spelling: String)], thinking: Int?
  ) throws -> Text {
    var arguments =
      try request.templateArguments.map { text in
        guard let object = try JSONValue(parsing: text, name: "the template's arguments").object else {
          throw SpudError(.usage, "the arguments of the chat template must be a JSON object")
        }
        return object
      } ?? JSONObject()
    if let thinking {
      for name in ["enable_thinking", "thinking"] { _ = arguments.append(name, .bool(thinking > 0)) }
    }
    let tools = request.toolChoice == .none ? [] : request.tools
    let rendered = try program.render(
      ChatTemplateRequest(
        messages: try Messages.json(of: request.turns), tools: tools.isEmpty ? nil : try tools.map(Messages.json),
        specialTokens: specialTokens, arguments: arguments))
    var text = Text()
    for segment in rendered.segments {
      let start = text.bytes.count
      text.bytes += Array(segment.text.utf8)
      if segment.isFromTemplate { text.written.append(start..<text.bytes.count) }
    }
    return text
  }

  private static func closingThought(_ text: Text) -> Text {
    var text = text
    let start = text.bytes.count
    text.bytes += Array("<think>\n\n</think>\n\n".utf8)
    if let last = text.written.last, last.upperBound == start {
      text.written[text.written.count - 1] = last.lowerBound..<text.bytes.count
    } else {
      text.written.append(start..<text.bytes.count)
    }
    return text
  }

  /// The ids of a text from `start` on.
  func ids(of text: Text, from start: Int = 0) -> [Int32] {
    let ids = tokenizer.encode(
      utf8: Array(text.bytes[start...]),
      allowingSpecialIn: text.written.compactMap { range in
        range.upperBound <= start ? nil : max(0, range.lowerBound - start)..<range.upperBound - start
      })
    guard start == 0, let beginning, ids.first != beginning else { return ids }
    return [beginning] + ids
  }

  /// Whether a text ends with the mark that opens a thought: the answer then begins inside one.
  func beginsInThought(_ text: Text) -> Bool {
    guard thoughts != nil, let last = text.written.last, last.upperBound == text.bytes.count else { return false }
    let tail = text.bytes[last].reversed().drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: " ") }
    return tail.starts(with: "<think>".utf8.reversed())
  }

  /// What a turn says in words.
  static func words(of turn: StreamTurn) throws -> String {
    var text = ""
    for part in turn.parts {
      switch part {
      case .text(let words): text += words
      case .result(let result): text += result.text
      case .thought, .call: break
      case .image, .audio, .video:
        throw SpudError(.usage, "this model reads text only, but the prompt holds \(part.kind.withArticle)")
      }
    }
    return text
  }
}

extension AnswerFormat {
  /// How the models of a chat template write calls, judged by the marks in it.
  init(template: String) {
    let marks: [(String, AnswerFormat)] = [
      ("<|channel|>", .harmony), ("<function=", .qwenCoder), ("<arg_key>", .glm),
      ("<｜tool▁calls▁begin｜>", .deepSeek), ("[TOOL_CALLS]", .mistral), ("<tool_call>", .hermes),
      ("<|python_tag|>", .llama), ("<|start_header_id|>", .llama),
    ]
    self = template.contains("tools") ? marks.first { template.contains($0.0) }?.1 ?? .plain : .plain
  }
}
