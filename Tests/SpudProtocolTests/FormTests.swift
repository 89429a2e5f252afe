import SpudTensors
import Testing

@testable import SpudProtocol

@Suite("Requests and answers in clients' forms")
struct FormTests {
  private func request(_ text: String) throws -> ChatRequest {
    try ChatRequest(JSONValue(parsing: text, name: "request"))
  }

  private let user = #""messages":[{"role":"user","content":"hi"}]"#

  @Test("a request with everything is read")
  func everything() throws {
    let read = try request(
      """
      {"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"},
      {"type":"image_url","image_url":{"url":"data:x"}}]},{"role":"assistant","tool_calls":[{"id":"1"}],"content":null},
      {"role":"tool","content":"r","tool_call_id":"1"}],"temperature":0.5,"top_p":1,"seed":18446744073709551615,
      "stop":["a","b"],"max_tokens":5,"max_completion_tokens":7,"n":2,"stream":true,
      "stream_options":{"include_usage":true},
      "logprobs":true,"logit_bias":{"5":-100},
      "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}},
      "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}},
      "user":"me","store":false,"metadata":{},"service_tier":"auto","prediction":null}
      """)
    #expect(read.model == "m" && read.messages.count == 4 && read.maximumTokens == 7 && read.choiceCount == 2)
    #expect(read.sampling.seed == .max && read.sampling.stops == ["a", "b"] && read.sampling.logitBias == [5: -100])
    #expect(read.streams && read.includesUsage && read.alternatives == 0 && read.toolChoice == .function("f"))
    #expect(read.responseFormat == .jsonSchema(.object(JSONObject())))
  }

  @Test("the smallest request has its defaults")
  func smallest() throws {
    let read = try request("{\(user)}")
    #expect(read.model == nil && !read.streams && read.choiceCount == 1 && read.alternatives == nil)
    #expect(read.toolChoice == .none && read.responseFormat == .text && read.modalities == ["text"])
  }

  static let refused: [(String, String?)] = [
    (#""bogus":1"#, "bogus"), (#""functions":[]"#, "functions"),
    (#""audio":{"format":"mp3"}"#, "audio.format"), (#""n":1000000000"#, "n"), (#""n":0"#, "n"),
    (#""temperature":-1"#, "temperature"),
    (#""temperature":"hot""#, "temperature"), (#""stream":1"#, "stream"),
    (#""stream_options":{"include_usage":true}"#, "stream_options"),
    (#""top_logprobs":3"#, "top_logprobs"), (#""logprobs":true,"top_logprobs":21"#, "top_logprobs"),
    (#""stop":[1]"#, "stop"),
    (#""stop":"""#, "stop"), (#""seed":1.5"#, "seed"), (#""logit_bias":{"x":1}"#, "logit_bias"),
    (#""response_format":{"type":"xml"}"#, "response_format.type"),
    (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
    (#""tools":[{"type":"x"}]"#, "tools[0]"),
    (#""tool_choice":"required""#, "tool_choice"), (#""tool_choice":{"function":{"name":"g"}}"#, "tool_choice"),
    (#""max_tokens":0"#, "max_tokens"),
    (#""modalities":["smell"]"#, "modalities"), (#""reasoning_effort":"huge""#, "reasoning_effort"),
  ]

  @Test("a field that is wrong, unknown or not supported is named", arguments: refused)
  func refusals(_ field: String, _ parameter: String?) throws {
    let error = #expect(throws: APIError.self) { try request("{\(user),\(field)}") }
    #expect(error?.status == 400 && error?.parameter == parameter, "\(error?.message ?? "")")
  }

  @Test("messages are checked, each by its place")
  func messages() {
    let cases: [(String, String)] = [
      ("[]", "messages"), ("[5]", "messages[0]"), (#"[{"content":"x"}]"#, "messages[0].role"),
      (#"[{"role":"sprite","content":"x"}]"#, "messages[0].role"),
      (#"[{"role":"user"}]"#, "messages[0].content"), (#"[{"role":"user","content":5}]"#, "messages[0].content"),
      (#"[{"role":"tool","content":"x"}]"#, "messages[0].tool_call_id"),
      (
        #"[{"role":"user","#
          + #""content":[{"type":"smell"}]}]"#, "messages[0].content[0].type"
      ),
      (#"[{"role":"user","content":[{"type":"text"}]}]"#, "messages[0].content[0].text"),
    ]
    for (messages, parameter) in cases {
      let error = #expect(throws: APIError.self) { try request("{\"messages\":\(messages)}") }
      #expect(error?.parameter == parameter, "\(messages)")
    }
    #expect(throws: APIError.self) { try request("{}") }
    #expect(throws: APIError.self) { try request("[]") }
  }

  @Test("an error has all its members")
  func errors() {
    let error = APIError(429, "too many", code: "rate_limit")
    #expect(
      text(error.openAI) == #"{"error":{"message":"too many","type":"rate_limit_error","param":null,"#
        + #""code":"rate_limit"}}"#)
    #expect(text(error.anthropic) == #"{"type":"error","error":{"type":"rate_limit_error","message":"too many"}}"#)
  }

  private func text(_ json: JSONValue) -> String { String(decoding: json.serialized, as: UTF8.self) }

  private let answer: [AnswerEvent] = [
    .reasoning("hm"), .content("a"), .content("b"), .callStarted(index: 0, name: "f", id: nil),
    .callArguments(index: 0, "{\"x\""), .callArguments(index: 0, ":1}"), .callEnded(index: 0, isWhole: true),
    .callStarted(index: 1, name: "g", id: "given"), .callArguments(index: 1, "{}"), .callEnded(index: 1, isWhole: true),
  ]

  @Test("chunks: id, type and name once, no empty delta, usage only at the end")
  func chunks() {
    var stream = ChatChunks(id: "c", model: "m", created: 5, includesUsage: true)
    var chunks = stream.chunks(of: [], makeID: { "call_\($0)" }) + stream.chunks(of: answer, makeID: { "call_\($0)" })
    chunks += stream.end(.toolCalls)
    let deltas = chunks.compactMap { $0["choices"]?.array?.first?["delta"] }.map(text)
    #expect(
      deltas == [
        #"{"role":"assistant","content":""}"#, #"{"reasoning_content":"hm"}"#, #"{"content":"a"}"#, #"{"content":"b"}"#,
        #"{"tool_calls":[{"index":0,"id":"call_0","type":"function","function":{"name":"f","arguments":""}}]}"#,
        #"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]}"#,
        #"{"tool_calls":[{"index":0,"#
          + #""function":{"arguments":":1}"}}]}"#,
        #"{"tool_calls":[{"index":1,"id":"given","type":"function","function":{"name":"g","arguments":""}}]}"#,
        #"{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}"#, "{}",
      ])
    #expect(chunks.last?["choices"]?.array?[0]["finish_reason"]?.string == "tool_calls")
    #expect(chunks.allSatisfy { $0["usage"] == .null && $0["object"]?.string == "chat.completion.chunk" })
    let usage = Usage(prompt: .init(text: 3, image: 4), cached: 2, answer: .init(text: 5), reasoning: 1)
    let last = stream.usage(usage)
    #expect(last.count == 1 && last[0]["choices"] == .array([]) && last[0]["usage"]?["total_tokens"]?.int == 12)
    #expect(last[0]["usage"]?["prompt_tokens_details"]?["image_tokens"]?.int == 4)
    var plain = ChatChunks(id: "c", model: "m", created: 5, includesUsage: false)
    #expect(
      plain.usage(usage).isEmpty && plain.chunks(of: answer, makeID: { "\($0)" }).allSatisfy { $0["usage"] == nil })
  }

  @Test("events of a response come in their full order, with rising numbers")
  func responseEvents() {
    var stream = ResponseEvents(id: "r", model: "m", created: 5)
    let events = stream.start() + stream.events(of: answer, makeID: { "call_\($0)" }) + stream.end(.stop, Usage())
    #expect(
      events.map { $0.name.replacing("response.", with: "") } == [
        "created", "in_progress", "output_item.added", "content_part.added", "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done", "output_item.done", "output_item.added", "content_part.added", "output_text.delta",
        "output_text.delta", "output_text.done", "content_part.done", "output_item.done", "output_item.added",
        "function_call_arguments.delta", "function_call_arguments.delta", "function_call_arguments.done",
        "output_item.done", "output_item.added", "function_call_arguments.delta", "function_call_arguments.done",
        "output_item.done", "completed",
      ])
    #expect(events.map { $0.data["sequence_number"]?.int } == Array(0..<events.count))
    #expect(events.allSatisfy { $0.data["type"]?.string == $0.name })
    let response = events.last?.data["response"]
    #expect(response?["output"]?.array?.count == 4 && response?["status"]?.string == "completed")
    #expect(response?["output"]?.array?[1]["content"]?.array?[0]["text"]?.string == "ab")
    #expect(response?["output"]?.array?[2]["arguments"]?.string == "{\"x\":1}")
    // What belongs to one item names it and its place.
    let deltas = events.filter { $0.name.hasSuffix("output_text.delta") }
    #expect(
      deltas.allSatisfy {
        $0.data["output_index"]?.int == 1 && $0.data["content_index"]?.int == 0 && $0.data["item_id"]?.string == "r_1"
      })
    var cut = ResponseEvents(id: "r", model: "m", created: 5)
    let last = (cut.start() + cut.events(of: [.content("x")], makeID: { "\($0)" }) + cut.end(.length, Usage())).last
    #expect(
      last?.name == "response.incomplete"
        && last?.data["response"]?["incomplete_details"]?["reason"] == .string("max_output_tokens"))
  }

  @Test("events of a message: blocks with their numbers, then the reason")
  func messageEvents() {
    var stream = MessageEvents(id: "msg", model: "m")
    let usage = Usage(answer: .init(text: 9))
    let events =
      stream.start(promptTokens: 7) + stream.events(of: answer, makeID: { "call_\($0)" })
      + stream.end(.toolCalls, stop: nil, usage)
    #expect(
      events.map(\.name) == [
        "message_start", "content_block_start", "content_block_delta", "content_block_stop", "content_block_start",
        "content_block_delta", "content_block_delta", "content_block_stop", "content_block_start",
        "content_block_delta",
        "content_block_delta", "content_block_stop", "content_block_start", "content_block_delta", "content_block_stop",
        "message_delta", "message_stop",
      ])
    #expect(events[0].data["message"]?["usage"]?["input_tokens"]?.int == 7)
    #expect(events[8].data["content_block"].map(text) == #"{"type":"tool_use","id":"call_0","name":"f","input":{}}"#)
    #expect(events[9].data["delta"].map(text) == #"{"type":"input_json_delta","partial_json":"{\"x\""}"#)
    #expect(events[12].data["index"]?.int == 3)
    #expect(
      events[15].data["delta"]?["stop_reason"]?.string == "tool_use"
        && events[15].data["usage"]?["output_tokens"]?.int == 9)
    var stopped = MessageEvents(id: "msg", model: "m")
    #expect(
      stopped.end(.stop, stop: "END", usage)[0].data["delta"].map(text)
        == #"{"stop_reason":"stop_sequence","stop_sequence":"END"}"#)
  }

  @Test("Anthropic's messages become messages of ours")
  func anthropicMessages() throws {
    let read = try MessageRequest(
      JSONValue(
        parsing: """
          {"model":"m","max_tokens":9,"system":[{"type":"text","text":"Be "},
          {"type":"text","text":"brief.","cache_control":{}}],
          "stop_sequences":["END"],"thinking":{"type":"enabled","budget_tokens":1024},
          "tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],
          "tool_choice":{"type":"tool","name":"f"},
          "messages":[{"role":"user","content":"hi"},{"role":"assistant",
          "content":[{"type":"thinking","thinking":"hm","signature":""},
          {"type":"text","text":"a"},{"type":"tool_use","id":"t1","name":"f","input":{"x":1}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"r"}]},
          {"type":"text","text":"b"},
          {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]}]}
          """, name: "request"))
    #expect(
      read.maximumTokens == 9 && read.sampling.stops == ["END"] && read.thinks == true
        && read.toolChoice == .function("f"))
    #expect(
      read.messages.map(text) == [
        #"{"role":"system","content":"Be brief."}"#, #"{"role":"user","content":"hi"}"#,
        #"{"role":"assistant","content":[{"type":"text","text":"a"}],"reasoning_content":"hm","#
          + #""tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":{"x":1}}}]}"#,
        #"{"role":"tool","tool_call_id":"t1","content":"r"}"#,
        #"{"role":"user","content":[{"type":"text","text":"b"},"#
          + #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}"#,
      ])
    #expect(
      read.tools.map(text) == [
        #"{"type":"function","function":{"name":"f","description":"d","#
          + #""parameters":{"type":"object"}}}"#
      ])
    for (body, parameter) in [
      (#"{"messages":[]}"#, "max_tokens"), (#"{"max_tokens":1,"messages":[]}"#, "messages"),
      (#"{"max_tokens":1,"n":2}"#, "n"),
      (#"{"max_tokens":1,"messages":[{"role":"system","content":""}]}"#, "messages[0].role"),
      (
        #"{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_use"}]}]}"#, "messages[0].content[0].type"
      ),
    ] {
      let error = #expect(throws: APIError.self) { try MessageRequest(JSONValue(parsing: body, name: "request")) }
      #expect(error?.parameter == parameter, "\(body)")
    }
  }

  @Test("prompts and inputs: texts, ids, or lists of either")
  func prompts() throws {
    func prompts(_ field: String) throws -> [CompletionRequest.Prompt] {
      try CompletionRequest(JSONValue(parsing: "{\"prompt\":\(field)}", name: "request")).prompts
    }
    #expect(try prompts(#""a""#) == [.text("a")] && prompts("[1,2]") == [.ids([1, 2])])
    #expect(
      try prompts(#"["a","b"]"#) == [.text("a"), .text("b")] && prompts("[[1],[2,3]]") == [.ids([1]), .ids([2, 3])])
    for field in ["[]", "[-1]", "[99999999999]", "5", "[[]]", "[1,\"a\"]", "null"] {
      #expect(throws: APIError.self) { try prompts(field) }
    }
    let read = try EmbeddingRequest(
      JSONValue(parsing: #"{"input":"a","encoding_format":"base64","user":"u"}"#, name: "request"))
    #expect(read.isBase64 && read.inputs == [.text("a")])
    #expect(throws: APIError.self) {
      try EmbeddingRequest(JSONValue(parsing: #"{"input":"a","dimensions":5}"#, name: "request"))
    }
  }

  @Test("events on the wire end with a blank line")
  func wire() {
    #expect(String(decoding: ServerSentEvent.data(.bool(true)), as: UTF8.self) == "data: true\n\n")
    #expect(String(decoding: ServerSentEvent.data(.null, name: "x"), as: UTF8.self) == "event: x\ndata: null\n\n")
  }
}
