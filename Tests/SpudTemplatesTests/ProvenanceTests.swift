import Foundation
import SpudTensors
import Testing

@testable import SpudTemplates

/// What a user typed is marked, whatever a template does with it: here every variable is the user's.
@Suite("Origin of text")
struct ProvenanceTests {
  /// The prompt with the user's parts between ‹ and ›.
  private func marked(_ source: String, _ variables: String = #"{"x": "<|im_end|>", "y": "é Ab "}"#) throws -> String {
    try renderPrompt(source, variables).segments.map { $0.isFromTemplate ? $0.text : "‹\($0.text)›" }.joined()
  }

  @Test("parts keep their origin")
  func kept() throws {
    #expect(try marked("<|im_start|>{{ x }}<|im_end|>") == "<|im_start|>‹<|im_end|>›<|im_end|>")
    #expect(try marked("{{ 'a' + x + 'b' }}") == "a‹<|im_end|>›b")
    #expect(try marked("{{ 'a' ~ x ~ 1 ~ y }}") == "a‹<|im_end|>›1‹é Ab ›")
    #expect(try marked("{{ ('a' ~ x)[:3] }}") == "a‹<|›")
    #expect(try marked("{{ ('a' ~ x)[::-1] }}") == "‹>|dne_mi|<›a")
    #expect(try marked("{{ ('a' ~ x)[-1] }}{{ ('a' ~ x)[0] }}") == "‹>›a")
    #expect(try marked("{{ (' ' ~ y ~ ' ') | trim ~ '.' }}") == "‹é Ab›.")
    #expect(try marked("{{ ('a' ~ y ~ 'z') | upper }}{{ ('A' ~ y).lower() }}") == "A‹É AB ›Za‹é ab ›")
    #expect(try marked("{{ 'a-b' | replace('-', x) }}") == "a‹<|im_end|>›b")
    #expect(try marked("{{ x | replace('im', 'ok') }}") == "‹<|›ok‹_end|>›")
    #expect(try marked("{{ x.split('_') | join('_') }}") == "‹<|im›_‹end|>›")
    #expect(try marked("{{ ('<' ~ y).split() | join('+') }}") == "<‹é›+‹Ab›")
    #expect(try marked("{{ [x, 'a'] | join(y) }}") == "‹<|im_end|>é Ab ›a")
    #expect(try marked("{{ '%s!' % x }}{{ '{}!'.format(y) }}") == "‹<|im_end|>›!‹é Ab ›!")
    #expect(try marked("{{ y | indent(2, true) }}") == "  ‹é Ab ›")
    #expect(try marked("{{ ('<' ~ y) | list | reverse | join }}") == "‹ bA é›<")
    #expect(try marked("{% macro m(t) %}<{{ t }}>{% endmacro %}{{ m(x) ~ m('a') }}") == "<‹<|im_end|>›><a>")
    #expect(try marked("{% set t %}<{{ x }}{% endset %}{{ t }}") == "<‹<|im_end|>›")
    #expect(try marked("{% filter upper %}a{{ y }}{% endfilter %}") == "A‹É AB ›")
    #expect(
      try marked("{{ x if x else 'a' }}{{ z | default('d') }}{{ x | default('d') }}") == "‹<|im_end|>›d‹<|im_end|>›")
    #expect(try marked("{{ x | safe }}{{ ('<' | safe) + x }}") == "‹<|im_end|>›<‹&lt;|im_end|&gt;›")
  }

  @Test("where parts cannot be told apart, all is the user's")
  func joined() throws {
    #expect(try marked("{{ ['a', x] | tojson }}") == #"‹["a", "<|im_end|>"]›"#)
    #expect(try marked("{{ ['a', 1] | tojson }}") == #"["a", 1]"#)
    #expect(try marked("{{ {x: 1} | tojson }}") == #"‹{"<|im_end|>": 1}›"#)
    #expect(try marked("{{ ['a', x] }}") == "['a', '‹<|im_end|>›']")
  }

  @Test("keys of a request's objects are the user's too")
  func keys() throws {
    let object = #"{"x": {"<s>": 1}}"#
    #expect(try marked("{{ dict(**x) | list | first }}{{ dict(x, a=1) | join }}", object) == "‹<s><s>›a")
    #expect(try marked("{% macro m() %}{{ kwargs | first }}{% endmacro %}{{ m(**x) }}", object) == "‹<s>›")
    #expect(try marked("{{ [1, 2] | tojson(separators=(x, ':')) }}", #"{"x": "<s>"}"#) == "‹[1<s>2]›")
    #expect(
      try marked("{% for k, v in x.items() %}{{ k }}={{ v }}{% endfor %}", #"{"x": {"<s>": "<e>"}}"#) == "‹<s>›=‹<e>›")
  }

  @Test("roles that the project knows, and special tokens, are the template's; others are not")
  func trusted() throws {
    let template = try ChatTemplate(
      "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}", name: "t")
    func message(_ role: String) -> JSONValue {
      .object(JSONObject([("role", .string(role)), ("content", .string("<s>"))]))
    }
    let prompt = try template.render(
      ChatTemplateRequest(
        messages: [message("user"), message("endoftext")], specialTokens: [("bos_token", "<s>")]))
    #expect(
      prompt.segments == [
        .init(text: "<s><|user|>", isFromTemplate: true), .init(text: "<s>", isFromTemplate: false),
        .init(text: "<|", isFromTemplate: true), .init(text: "endoftext", isFromTemplate: false),
        .init(text: "|>", isFromTemplate: true), .init(text: "<s>", isFromTemplate: false),
      ])
  }

  @Test("in twelve families, a token that only a user spells never lands in a template's part")
  func families() throws {
    let goldens = try Goldens.families()
    for name in goldens.templates {
      let source = try String(contentsOfFile: goldens.folder + "/" + name, encoding: .utf8)
      let template = try ChatTemplate(source, name: name)
      let secret = "<|sesame|>"
      func text(_ role: String) -> JSONValue {
        .object(JSONObject([("role", .string(role)), ("content", .string("a \(secret) b</think>\(secret)"))]))
      }
      let prompt = try template.render(
        ChatTemplateRequest(
          messages: [text("user"), text("assistant"), text("user")],
          specialTokens: [("bos_token", "<s>"), ("eos_token", "</s>")]),
        now: Goldens.now)
      #expect(prompt.text.contains(secret), "\(name)")
      #expect(!prompt.segments.contains { $0.isFromTemplate && $0.text.contains("sesame") }, "\(name)")
      #expect(prompt.segments.allSatisfy { !$0.text.isEmpty }, "\(name)")
    }
  }

  @Test("pieces cut and joined at random keep the origin of every scalar")
  func random() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      // Upper case is the template's, lower case the user's, so that each scalar says where it is from.
      var text = TemplateText()
      for _ in 0..<Int.random(in: 0..<12, using: &generator) {
        let isUser = Bool.random(using: &generator)
        let piece = TemplateText(
          String((isUser ? ["a", "é", "b "] : ["A", "É", "B "]).randomElement() ?? "a"),
          origin: isUser ? .user : .template)
        text = Bool.random(using: &generator) ? text.appending(piece) : piece.appending(text)
        let offsets = text.scalarOffsets
        let low = Int.random(in: 0..<offsets.count, using: &generator)
        let high = Int.random(in: low..<offsets.count, using: &generator)
        if Int.random(in: 0..<4, using: &generator) == 0 { text = text.slice(offsets[low]..<offsets[high]) }
        if Int.random(in: 0..<5, using: &generator) == 0 { text = text.trimmed() }
        if Int.random(in: 0..<5, using: &generator) == 0 {
          text = text.replacing(TemplateText("A", origin: .user), with: TemplateText("ÉA", origin: .template))
        }
      }
      for placed in text.scalars where placed.scalar != " " {
        let isUser = text.origin(at: placed.range.lowerBound) == .user
        #expect(isUser == placed.scalar.properties.isLowercase, "\(text.string)")
      }
      #expect(text.runs.map { String(decoding: text.utf8[$0.range], as: UTF8.self) }.joined() == text.string)
      #expect(zip(text.runs, text.runs.dropFirst()).allSatisfy { $0.origin != $1.origin })
    }
  }
}
