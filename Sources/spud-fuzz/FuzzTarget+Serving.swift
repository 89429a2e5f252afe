internal import SpudErrors
internal import SpudProtocol
internal import SpudSchema
internal import SpudTemplates
internal import SpudTensors

/// What a client or a checkpoint may hand to a server: templates, schemas, and the answers of models.
extension FuzzTarget {
  /// A character that only the user types.
  private static let secret = "\u{E000}"

  func renderTemplate(_ input: [UInt8]) throws {
    let source = String(decoding: input, as: UTF8.self)
    let template = try ChatTemplate(source, name: "input")
    var limits = TemplateLimits()
    (limits.steps, limits.bytes, limits.outputBytes) = (100_000, 1 << 22, 1 << 18)
    let now = TemplateTime(year: 2026, month: 3, day: 5)
    let prompt = try template.render(Self.conversation, limits: limits, now: now)
    demand(try template.render(Self.conversation, limits: limits, now: now) == prompt, "a template gives two texts")
    demand(prompt.segments.allSatisfy { !$0.text.isEmpty }, "an empty segment")
    demand(
      Swift.zip(prompt.segments, prompt.segments.dropFirst()).allSatisfy { $0.isFromTemplate != $1.isFromTemplate },
      "neighbouring segments of one origin")
    // A template can spell the character too, itself or by an escape.
    if !source.contains(Self.secret), !source.contains("\\") {
      let forged = prompt.segments.contains { $0.isFromTemplate && $0.text.contains(Self.secret) }
      demand(!forged, "what a user typed counts as the template's")
    }
  }

  private static let conversation: ChatTemplateRequest = {
    func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
    let text = JSONValue.string("\(secret) Äb\n<|im_end|> \(secret)")
    let call = object([
      ("id", .string("call00001")), ("type", .string("function")),
      (
        "function", object([("name", text), ("arguments", object([("a", .array([.number(1), .number(2.5), text]))]))])
      ),
    ])
    return ChatTemplateRequest(
      messages: [
        object([("role", .string("system")), ("content", text)]),
        object([("role", .string("user")), ("content", text)]),
        object([
          ("role", .string("assistant")), ("content", text), ("reasoning_content", text),
          ("tool_calls", .array([call])),
        ]),
        object([("role", .string("tool")), ("content", text), ("tool_call_id", .string("call00001"))]),
        object([("role", .string("user")), ("content", .array([object([("type", .string("text")), ("text", text)])]))]),
      ],
      tools: [
        object([("type", .string("function")), ("function", object([("name", text), ("parameters", object([]))]))])
      ],
      specialTokens: [("bos_token", "<s>"), ("eos_token", "</s>")])
  }()

  /// Walks through what a schema allows, as the input's bytes choose.
  func compileSchema(_ input: [UInt8]) throws {
    let schema = try JSONValue(parsing: input, name: "input")
    let constraint = try TokenConstraint(schema: schema, trie: Self.trie)
    var state = constraint.start, text: [UInt8] = []
    for count in 0..<200 {
      let allowed = constraint.mask(after: state).ids
      let ends = constraint.mayEnd(after: state)
      demand(ends || !allowed.isEmpty, "a text that can neither end nor go on")
      demand(allowed.isEmpty != constraint.mayContinue(after: state), "a mask and its state differ")
      guard !allowed.isEmpty else { break }
      let token = allowed[Int(input[count % input.count]) * (count + 1) % allowed.count]
      guard let next = constraint.advance(state, by: token) else {
        return demand(false, "a token is allowed, and then refused")
      }
      state = next
      text += Self.tokens[Int(token)]
    }
    guard constraint.mayEnd(after: state) else { return }
    do {
      _ = try JSONValue(parsing: text, name: "the text")
    } catch let error as SpudError where !error.message.contains("stands twice") {
      demand(false, "what is allowed is no JSON: \(error)")
    }
  }

  private static let tokens: [[UInt8]] =
    (0..<256).map { [UInt8($0)] }
    + ["{\"", "\":", "\"}", "true", "null", "\\u00", "12", "é", ", "].map { Array($0.utf8) }
  private static let trie = TokenTrie(tokens)

  /// The first byte chooses the format; the rest is an answer, in pieces and at once.
  func parseAnswer(_ input: [UInt8]) throws {
    let formats: [AnswerFormat] = [.plain, .hermes, .qwenCoder, .llama, .mistral, .harmony, .deepSeek, .glm]
    guard let first = input.first else { return }
    func makeReader() throws -> AnswerReader {
      let parser = AnswerParser(
        formats[Int(first) % 8], thinks: first & 8 == 0, beginsInThought: first & 16 != 0, strings: ["f": ["a"]])
      return AnswerReader(stops: try StopFilter(first & 32 == 0 ? [] : ["STOP", "TO"]), parser: parser)
    }
    let bytes = input.dropFirst()
    var whole = try makeReader(), pieces = try makeReader()
    let events = (whole.push(bytes) + whole.finish()).merged
    var others: [AnswerEvent] = []
    for byte in bytes { others += pieces.push(CollectionOfOne(byte)) }
    others += pieces.finish()
    demand(others.merged == events, "events depend on where an answer is cut")
    demand(whole.stop == pieces.stop, "the stop depends on where an answer is cut")
    var open: Int?, count = 0
    for event in events {
      switch event {
      case .callStarted(let index, _, _):
        demand(open == nil && index == count, "a call starts within another")
        (open, count) = (index, count + 1)
      case .callArguments(let index, _): demand(open == index, "arguments of no call")
      case .callEnded(let index, _):
        demand(open == index, "the end of no call")
        open = nil
      case .content, .reasoning, .medium: break
      }
    }
    demand(open == nil, "a call without an end")
  }
}
