import Testing

@testable import SpudProtocol

/// A text in some format, and what it says.
struct Answer: Sendable, CustomTestStringConvertible {
  let name: String
  let format: AnswerFormat
  let text: String
  let events: [AnswerEvent]
  var strings: [String: Set<String>] = [:]
  var beginsInThought = false

  var testDescription: String { name }

  /// The events when the text comes in these pieces.
  func events(in pieces: [String]) -> [AnswerEvent] {
    var parser = AnswerParser(format, beginsInThought: beginsInThought, strings: strings)
    return (pieces.flatMap { parser.push($0) } + parser.finish()).merged
  }

  static func call(_ index: Int, _ name: String, _ arguments: String, id: String? = nil, isWhole: Bool = true)
    -> [AnswerEvent]
  {
    [
      .callStarted(index: index, name: name, id: id), .callArguments(index: index, arguments),
      .callEnded(index: index, isWhole: isWhole),
    ]
  }

  static let whole: [Answer] = [
    Answer(
      name: "plain text", format: .plain, text: " Hello\n<tool_call> wörld 😀 \n",
      events: [.content(" Hello\n<tool_call> wörld 😀 \n")]),
    Answer(
      name: "a thought", format: .plain, text: "<think>\nTwo < three.\n</think>\n\nYes.\n",
      events: [.reasoning("Two < three."), .content("Yes.\n")]),
    Answer(
      name: "a thought that the prompt opened", format: .hermes, text: "Hm.\n</think>Yes.",
      events: [.reasoning("Hm."), .content("Yes.")],
      beginsInThought: true),
    Answer(
      name: "a thought without end", format: .hermes, text: "<think>a</thin b ", events: [.reasoning("a</thin b")]),
    Answer(
      name: "hermes", format: .hermes,
      text:
        "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"}\\\"é\"], \"b\": {}}"
        + "}\n</tool_call>\n",
      events: [.content("Let me see.")] + call(0, "f", #"{"a": [1, "}\"é"], "b": {}}"#)),
    Answer(
      name: "hermes, two calls", format: .hermes,
      text:
        "<think>t</think><tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n<tool_call>"
        + "{\"arguments\":{\"x\":1} , \"id\":\"q\",\"name\":\"g\"}</tool_call> Done.",
      events: [.reasoning("t")] + call(0, "f", "{}") + call(1, "g", #"{"x":1}"#, id: "q") + [.content("Done.")]),
    Answer(
      name: "hermes, other members", format: .hermes,
      text: #"<tool_call>{"n": 1.5e3, "name": "f", "x": [true], "parameters": {"a": null}, "y": -2}</tool_call>"#,
      events: call(0, "f", #"{"a": null}"#)),
    Answer(
      name: "hermes, no arguments", format: .hermes, text: #"<tool_call>{"name": "f"}</tool_call>"#,
      events: call(0, "f", "{}")),
    Answer(
      name: "hermes, no end", format: .hermes, text: #"<tool_call>{"name": "f", "arguments": {}}"#,
      events: call(0, "f", "{}")),
    Answer(
      name: "coder", format: .qwenCoder,
      text:
        "I look.\n<tool_call>\n<function=get>\n<parameter=place>\nZürich\n\"x\"\\\n</parameter>\n"
        + "<parameter=days>\n2\n</parameter>\n<parameter=o>\n{\"a\": 1}\n</parameter>\n"
        + "<parameter=t>\nmany words\n</parameter>\n</function>\n</tool_call>",
      events: [.content("I look.")]
        + call(0, "get", #"{"place": "Zürich\n\"x\"\\", "days": 2, "o": {"a": 1}, "t": "many words"}"#),
      strings: ["get": ["place"]]),
    Answer(
      name: "coder, a string that looks like a number", format: .qwenCoder,
      text: "<tool_call><function=f><parameter=a>1</parameter><parameter=b></b>\n\n</parameter></function></tool_call>",
      events: call(0, "f", #"{"a": "1", "b": "</b>\n"}"#), strings: ["f": ["a", "b"]]),
    Answer(
      name: "coder, no arguments", format: .qwenCoder, text: "<tool_call>\n<function=f>\n</function>\n</tool_call>",
      events: call(0, "f", "{}")),
    Answer(
      name: "glm", format: .glm,
      text:
        "\n<think>hm</think>\nOk.\n<tool_call>get\n<arg_key>place</arg_key>\n<arg_value>a < "
        + "b</arg_value>\n<arg_key>n</arg_key>\n<arg_value>[1]</arg_value>\n</tool_call>\n<tool_call>now</tool_call>",
      events: [.reasoning("hm"), .content("Ok.")] + call(0, "get", #"{"place": "a < b", "n": [1]}"#)
        + call(1, "now", "{}"),
      strings: ["get": ["place"]]),
    Answer(
      name: "llama", format: .llama,
      text: " {\"name\": \"f\", \"parameters\": {\"a\": 1}}; {\"name\": \"g\", \"parameters\": {}}",
      events: call(0, "f", #"{"a": 1}"#) + call(1, "g", "{}")),
    Answer(
      name: "llama behind its marker", format: .llama,
      text: "<|python_tag|>{\"type\": \"function\", \"name\": \"f\", \"parameters\": {\"a\": 1}}",
      events: call(0, "f", #"{"a": 1}"#)),
    Answer(
      name: "llama, an object that is no call", format: .llama, text: "{\"answer\": {\"name\": 1}} ok",
      events: [.content("{\"answer\": {\"name\": 1}} ok")]),
    Answer(
      name: "llama, braces in text", format: .llama, text: "So {\"name\": \"f\"}",
      events: [.content("So {\"name\": \"f\"}")]),
    Answer(
      name: "mistral", format: .mistral,
      text:
        "Wait.[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"a\": \"]\"}, \"id\": \"abcdefghi\"}, "
        + "{\"name\": \"g\", \"arguments\": {}}]",
      events: [.content("Wait.")] + call(0, "f", #"{"a": "]"}"#) + call(1, "g", "{}")),
    Answer(
      name: "mistral with names", format: .mistral,
      text: "[TOOL_CALLS]f[ARGS]{\"a\": 1}[TOOL_CALLS]g[CALL_ID]x1[ARGS] {}",
      events: call(0, "f", #"{"a": 1}"#) + call(1, "g", "{}", id: "x1")),
    Answer(
      name: "deepseek", format: .deepSeek,
      text:
        "Ok.\n\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": \"<｜\"}<｜tool▁call▁end｜>"
        + "<｜tool▁call▁begin｜>g<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
      events: [.content("Ok.")] + call(0, "f", #"{"a": "<｜"}"#) + call(1, "g", "{}")),
    Answer(
      name: "deepseek with fences", format: .deepSeek,
      text:
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": "
        + "1}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{}\n```<｜tool▁call▁end｜>"
        + "<｜tool▁calls▁end｜>",
      events: call(0, "f", #"{"a": 1}"#) + call(1, "g", "{}")),
    Answer(
      name: "harmony", format: .harmony,
      text:
        "<|channel|>analysis<|message|>I think <|x|>.<|end|><|start|>assistant<|channel|>commentary "
        + "to=functions.f <|constrain|>json<|message|>{\"a\": 1}<|call|><|start|>assistant<|channel|>final<|message|>"
        + "Done.<|return|>",
      events: [.reasoning("I think <|x|>.")] + call(0, "f", #"{"a": 1}"#) + [.content("Done.")]),
    Answer(
      name: "harmony, recipient first", format: .harmony,
      text: " to=functions.g<|channel|>commentary json<|message|>{}", events: call(0, "g", "{}")),
    Answer(
      name: "harmony without a header", format: .harmony, text: "Hello <|message|> you",
      events: [.content("Hello <|message|> you")]),
  ]

  /// Texts that begin like calls and are none: all of them comes out as text.
  static let malformed: [(AnswerFormat, String)] = [
    (.hermes, "<tool_call>"), (.hermes, "a <tool_call> b"), (.hermes, "<tool_call>{}</tool_call>"),
    (.hermes, "<tool_call>\n{\"name\": 5}</tool_call>"),
    (.hermes, "<tool_call>{\"arguments\": {}}</tool_call>"),
    (.hermes, "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>"),
    (.hermes, "<tool_call>{\"name\": \"f\", oops}"), (.hermes, "x <tool_call><tool_call>[]"),
    (.hermes, "<tool_call>{\"arguments\": {\"a\": 1}, \"name"),
    (.hermes, "<tool_"), (.hermes, "a<"), (.qwenCoder, "<tool_call><fun"),
    (.qwenCoder, "<tool_call>{\"name\": \"f\"}</tool_call>"),
    (.qwenCoder, "<tool_call><function=>"), (.qwenCoder, "<tool_call><function=a b{>"), (.glm, "<tool_call>"),
    (.glm, "<tool_call>{\"a\": 1}\nx"),
    (.llama, "{\"name\": \"f\", \"other\": 1}"), (.llama, "{\"name\": \"f\""), (.llama, "{} {"),
    (.llama, "<|python_tag|>print(1)"),
    (.mistral, "[TOOL_CALLS] hello"), (.mistral, "[TOOL_CALLS][5]"), (.mistral, "[TOOL_CALLS] [{\"a\": 1}]"),
    (.mistral, "[TOOL"),
    (.deepSeek, "<｜tool▁calls▁begin｜>f"), (.deepSeek, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f"),
    (.deepSeek, "<｜tool▁"), (.deepSeek, "<｜tool▁calls▁begin｜>function<｜"),
    (.harmony, "<|chan"), (.harmony, "<|channel|>final"), (.harmony, "to=x"), (.harmony, "toast"),
    (.plain, "</think> <thi"),
  ]
}

@Suite("Reading answers")
struct AnswerParserTests {
  @Test("each format gives its events", arguments: Answer.whole)
  func whole(_ answer: Answer) {
    #expect(answer.events(in: [answer.text]) == answer.events)
  }

  @Test("events do not depend on where the text is cut", arguments: Answer.whole)
  func cuts(_ answer: Answer) {
    let scalars = Array(answer.text.unicodeScalars)
    #expect(answer.events(in: scalars.map { String($0) }) == answer.events)
    for cut in scalars.indices {
      let parts = [scalars[..<cut], scalars[cut...]].map { String(String.UnicodeScalarView($0)) }
      #expect(answer.events(in: parts) == answer.events, "cut at \(cut)")
    }
  }

  @Test("what is no call comes out as text, whole", arguments: Answer.malformed)
  func malformed(_ format: AnswerFormat, _ text: String) {
    let answer = Answer(name: "", format: format, text: text, events: [.content(text)])
    #expect(answer.events(in: [text]) == answer.events)
    #expect(answer.events(in: text.unicodeScalars.map { String($0) }) == answer.events)
  }

  @Test("a call that breaks off after its start says so, and its rest is text")
  func brokenCalls() {
    func events(_ format: AnswerFormat, _ text: String, strings: [String: Set<String>] = [:]) -> [AnswerEvent] {
      Answer(name: "", format: format, text: text, events: [], strings: strings).events(in: [text])
    }
    #expect(
      events(.hermes, #"<tool_call>{"name": "f", "arguments": {"a": oops}}</tool_call>"#)
        == Answer.call(0, "f", #"{"a": "#, isWhole: false) + [.content("oops}}</tool_call>")])
    #expect(
      events(.hermes, #"<tool_call>{"name": "f", "arguments": {"a": 1"#)
        == Answer.call(0, "f", #"{"a": 1"#, isWhole: false))
    #expect(
      events(.hermes, #"<tool_call>{"name": "f", "arguments": {}} and more"#)
        == Answer.call(0, "f", "{}") + [.content(" and more")])
    #expect(
      events(.qwenCoder, "<tool_call><function=f><parameter=a>it is</para", strings: ["f": ["a"]])
        == Answer.call(0, "f", #"{"a": "it is"#, isWhole: false) + [.content("</para")])
    #expect(
      events(.qwenCoder, "<tool_call><function=f><parameter=a>1</parameter>text")
        == Answer.call(0, "f", #"{"a": 1"#, isWhole: false) + [.content("text")])
    #expect(
      events(.deepSeek, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>no") == [
        .callStarted(index: 0, name: "f", id: nil), .callEnded(index: 0, isWhole: false), .content("no"),
      ])
    #expect(
      events(.harmony, "<|channel|>commentary to=functions.f<|message|>{\"a\": x}<|call|>")
        == Answer.call(0, "f", #"{"a": "#, isWhole: false) + [.content("x}")])
  }

  @Test("arguments leave while they come")
  func streaming() {
    var parser = AnswerParser(.hermes)
    #expect(parser.push(#"<tool_call>{"name": "f", "argu"#).isEmpty)
    #expect(
      parser.push(#"ments": {"a": "#) == [
        .callStarted(index: 0, name: "f", id: nil), .callArguments(index: 0, #"{"a": "#),
      ])
    #expect(parser.push(#""long"#) == [.callArguments(index: 0, #""long"#)])
    var coder = AnswerParser(.qwenCoder, strings: ["f": ["a"]])
    #expect(coder.push("<tool_call><function=f>") == [.callStarted(index: 0, name: "f", id: nil)])
    #expect(coder.push("<parameter=a>\nsome text\n") == [.callArguments(index: 0, #"{"a": "some text"#)])
  }

  @Test("random mutations end without a trap, and never depend on the cut")
  func mutations() {
    var generator = SystemRandomNumberGenerator()
    for answer in Answer.whole {
      for _ in 0..<40 {
        var scalars = Array(answer.text.unicodeScalars)
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !scalars.isEmpty {
          let index = Int.random(in: 0..<scalars.count, using: &generator)
          switch Int.random(in: 0..<3, using: &generator) {
          case 0: scalars.remove(at: index)
          case 1: scalars.insert(["{", "}", "<", "\"", " ", "é", "]"].randomElement() ?? "x", at: index)
          default: scalars.removeSubrange(index...)
          }
        }
        let text = String(String.UnicodeScalarView(scalars))
        let whole = answer.events(in: [text])
        #expect(answer.events(in: scalars.map { String($0) }) == whole, "\(text)")
        // Each start has its end, and calls are counted.
        let started = whole.compactMap { if case .callStarted(let index, _, _) = $0 { index } else { nil } }
        let ended = whole.compactMap { if case .callEnded(let index, _) = $0 { index } else { nil } }
        #expect(started == Array(started.indices) && started == ended, "\(text)")
      }
    }
  }
}
