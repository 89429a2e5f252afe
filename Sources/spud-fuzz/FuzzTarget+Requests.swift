internal import SpudErrors
internal import SpudMedia
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens

/// Bodies of requests to a server.
extension FuzzTarget {
  /// The first byte chooses the form; the rest is a body.
  func parseRequest(_ input: [UInt8]) throws {
    guard let first = input.first else { return }
    let body = Array(input.dropFirst())
    do {
      if first % 10 == 9 { return try parseForm(body) }
      let json = try JSONValue(parsing: body, name: "the body")
      switch first % 10 {
      case 0: try readConversation(try ChatRequest(json).messages)
      case 1: try readConversation(try ResponseRequest(json).messages)
      case 2: try readConversation(try MessageRequest(json).messages)
      case 3: demand(try CompletionRequest(json).prompts.count <= CompletionRequest.promptLimit, "too many prompts")
      case 4: demand(try EmbeddingRequest(json).inputs.count <= EmbeddingRequest.inputLimit, "too many inputs")
      case 5: demand(try ImageRequest(json).count <= ImageRequest.countLimit, "too many pictures")
      case 6: demand(try SpeechRequest(json).input.count <= SpeechRequest.inputLimit, "too long a speech")
      case 7: _ = try TokenizeRequest(json)
      default: demand(try DetokenizeRequest(json).tokens.allSatisfy { $0 >= 0 }, "an id below zero")
      }
    } catch let error as APIError {
      demand(400..<500 ~= error.status && !error.message.isEmpty, "a refusal without a reason")
      demand(error.message.utf8.count < 8192, "a message of odd length")
      demand(error.openAI["error"]?["message"]?.string == error.message, "a refusal that is lost on the way")
    }
  }

  private func readConversation(_ messages: [JSONValue]) throws {
    var reader = ConversationReader(limits: .small)
    let turns = try reader.turns(of: messages)
    demand(turns.count == messages.count, "a message that is no turn")
    let media = turns.flatMap(\.parts).count { $0.kind != .text && $0.kind != .thought }
    demand(media <= ConversationReader.mediaLimit, "more media than may be")
  }

  private func parseForm(_ body: [UInt8]) throws {
    let form = try MultipartForm(body, contentType: "multipart/form-data; boundary=b")
    demand(form.fields.reduce(0) { $0 + $1.bytes.count } <= body.count, "fields that are longer than the form")
    _ = try TranscriptionRequest(form)
  }
}
