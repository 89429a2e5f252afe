import SpudMedia
import SpudTensors
import SpudTokens
import Testing

@testable import SpudProtocol

@Suite("What the bodies of requests hold")
struct BodyTests {
  @Test("base64 is read as it is written, with and without padding")
  func base64() {
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 97 + 13) }
      let text = Base64.encode(bytes)
      #expect(text.count % 4 == 0 && Base64.decode(text) == bytes)
      #expect(Base64.decode(text.filter { $0 != "=" }) == bytes)
    }
    #expect(Base64.encode(Array("hello".utf8)) == "aGVsbG8=")
    for wrong in ["a", "aGVsbG8=a", "aGV%", "aGVsbG8==", "é"] { #expect(Base64.decode(wrong) == nil, "\(wrong)") }
  }

  @Test("data URLs")
  func dataURLs() {
    let url = DataURL("data:Image/PNG;charset=x;base64,aGVsbG8=")
    #expect(url?.type == "image/png" && url?.bytes == Array("hello".utf8))
    for wrong in ["", "data:", "data:image/png,aGVsbG8=", "data:image/png;base64,%", "http://a/b"] {
      #expect(DataURL(wrong) == nil, "\(wrong)")
    }
  }

  @Test("forms with files")
  func forms() throws {
    let lines = [
      "--b", "Content-Disposition: form-data; name=\"model\"", "", "m", "--b",
      "content-disposition: form-data; name=file; filename=\"a b.wav\"", "Content-Type: audio/wav", "", "", "--x", "",
      "--b--", "",
    ]
    let body = Array(lines.joined(separator: "\r\n").utf8)
    let form = try MultipartForm(body, contentType: "multipart/form-data; boundary=\"b\"")
    #expect(form["model"]?.text == "m" && form["file"]?.fileName == "a b.wav")
    #expect(form["file"]?.bytes == Array("\r\n--x\r\n".utf8))
    for length in 0..<body.count - 4 {
      // Cut anywhere, it is refused, or gives fewer fields.
      #expect((try? MultipartForm(Array(body[..<length]), contentType: "multipart/form-data; boundary=b")) == nil)
    }
    for type in ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary="] {
      #expect(throws: APIError.self) { try MultipartForm(body, contentType: type) }
    }
  }

  private func turns(_ text: String) throws -> [ConversationTurn] {
    let request = try ChatRequest(JSONValue(parsing: text, name: "request"))
    var reader = ConversationReader()
    return try reader.turns(of: request.messages)
  }

  @Test("media stand in their turns, in order")
  func media() throws {
    let picture = RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    let url = DataURL.text(try picture.pngData(), type: "image/png")
    let turns = try turns(
      #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"},"#
        + #"{"type":"image_url","image_url":{"url":"\#(url)"}},{"type":"video","frames":["\#(url)","\#(url)"],"#
        + #""frames_per_second":2},{"type":"text","text":"b"}]},{"role":"assistant","content":null,"#
        + #""tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},"#
        + #"{"role":"tool","tool_call_id":"1","content":"r"}]}"#)
    #expect(turns.map(\.role) == [.system, .user, .assistant, .tool])
    #expect(
      turns[1].parts == [
        .text("a"), .image(picture), .video(VideoClip(frames: [picture, picture], framesPerSecond: 2)), .text("b"),
      ])
    #expect(turns[2].calls.map(\.name) == ["f"] && turns[3].callID == "1")
  }

  @Test(
    "a medium that cannot be read is the request's fault, and named",
    arguments: [
      "https://example.org/a.png", "file:///etc/passwd", "data:image/png;base64,aGVsbG8=", "data:audio/wav;base64,aGVs",
      "data:image/png;base64,", "aGVsbG8=", "",
    ])
  func badMedia(_ url: String) {
    let error = #expect(throws: APIError.self) {
      try turns(#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"\#(url)"}}]}]}"#)
    }
    #expect(error?.status == 400)
  }

  @Test("input of responses becomes messages")
  func responses() throws {
    let request = try ResponseRequest(
      JSONValue(
        parsing: #"""
          {"instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},
          {"type":"reasoning","content":[{"type":"reasoning_text","text":"t"}]},
          {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
          {"type":"function_call_output","call_id":"c","output":"r"}],
          "tools":[{"type":"function","name":"f","parameters":{}}],"tool_choice":"required","store":true}
          """#, name: "request"))
    var reader = ConversationReader()
    let turns = try reader.turns(of: request.messages)
    #expect(turns.map(\.role) == [.system, .user, .assistant, .tool])
    #expect(turns[2].parts == [.thought("t")] && turns[2].calls.map(\.id) == ["c"])
    #expect(request.toolChoice == .required && request.tools[0]["function"]?["name"]?.string == "f")
  }

  @Test(
    "what responses do not support is named",
    arguments: [
      (#""previous_response_id":"r""#, "previous_response_id"), (#""conversation":"c""#, "conversation"),
      (#""background":true"#, "background"), (#""truncation":"auto""#, "truncation"), (#""bogus":1"#, "bogus"),
      (#""tools":[{"type":"web_search"}]"#, "tools[0].type"), (#""tool_choice":"required""#, "tool_choice"),
    ])
  func refusedResponses(_ field: String, _ parameter: String) throws {
    let error = #expect(throws: APIError.self) {
      try ResponseRequest(JSONValue(parsing: "{\"input\":\"a\",\(field)}", name: "request"))
    }
    #expect(error?.status == 400 && error?.parameter == parameter)
  }

  @Test("no field is in two lists of a form")
  func lists() {
    for form in RequestForm.all {
      #expect(form.honoured.isDisjoint(with: form.accepted) && form.refused.isDisjoint(with: form.accepted))
      #expect(form.honoured.isDisjoint(with: form.refused))
    }
  }
}
