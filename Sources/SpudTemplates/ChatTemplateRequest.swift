internal import SpudErrors
package import SpudTensors

/// What a chat template is filled in with.
package struct ChatTemplateRequest: Sendable {
  /// Objects with `role`, `content` and what else the template knows.
  package var messages: [JSONValue]
  /// Descriptions of functions, in OpenAI's form.
  package var tools: [JSONValue]?
  package var documents: [JSONValue]?
  /// Whether the text is to end where an assistant's turn begins.
  package var addsGenerationPrompt: Bool
  /// `bos_token` and the like, from the checkpoint: they count as the template's own.
  package var specialTokens: [(name: String, spelling: String)]
  /// Further variables that the client chose, such as `enable_thinking`.
  package var arguments: JSONObject

  package init(
    messages: [JSONValue], tools: [JSONValue]? = nil, documents: [JSONValue]? = nil, addsGenerationPrompt: Bool = true,
    specialTokens: [(name: String, spelling: String)] = [], arguments: JSONObject = JSONObject()
  ) {
    self.messages = messages
    self.tools = tools
    self.documents = documents
    self.addsGenerationPrompt = addsGenerationPrompt
    self.specialTokens = specialTokens
    self.arguments = arguments
  }

  /// Roles whose names the project itself chose, so that a template may build a control token from them
  /// (`'<|' + message.role + '|>'`).
  private static let roles: Set = ["system", "developer", "user", "assistant", "tool", "function"]
  private static let reserved: Set = ["messages", "tools", "documents", "add_generation_prompt"]
  /// Names under which clients send what a model thought; templates read the first two.
  private static let thoughts = ["reasoning_content", "thinking", "reasoning"]

  func variables() throws -> TemplateDictionary {
    var variables = TemplateDictionary()
    for token in specialTokens { variables.set(token.name, to: .text(token.spelling, origin: .template)) }
    for member in arguments.members {
      guard !Self.reserved.contains(member.key) else {
        throw SpudError(.badData, "the template argument '\(member.key)' is set by the request itself")
      }
      variables.set(member.key, to: TemplateValue(member.value))
    }
    variables.set("messages", to: .list(try messages.enumerated().map { try Self.message($1, at: $0) }))
    variables.set("tools", to: tools.map { .list($0.map { TemplateValue($0) }) } ?? .none)
    variables.set("documents", to: documents.map { .list($0.map { TemplateValue($0) }) } ?? .none)
    variables.set("add_generation_prompt", to: .bool(addsGenerationPrompt))
    return variables
  }

  /// A message without members that are null, and with its thoughts under the names that templates read.
  private static func message(_ json: JSONValue, at index: Int) throws -> TemplateValue {
    guard let object = json.object else {
      throw SpudError(.badData, "message \(index) is \(json.kind), but must be an object")
    }
    var message = TemplateDictionary()
    let thought = thoughts.lazy.compactMap { object[$0] }.first { !$0.isNull }
    if let thought { message.set("thinking", to: TemplateValue(thought)) }
    for member in object.members where !member.value.isNull {
      var value = TemplateValue(member.value)
      if member.key == "role", let role = member.value.string, roles.contains(role) { value = .text(role) }
      _ = message.set(.text(member.key, origin: .user), to: value)
    }
    if let thought { message.set("reasoning_content", to: TemplateValue(thought)) }
    return .dictionary(message)
  }

  /// About how many bytes the request spells.
  var byteEstimate: Int {
    var total = 0, waiting = messages + (tools ?? []) + (documents ?? []) + [.object(arguments)]
    while let next = waiting.popLast() {
      total += 8
      switch next {
      case .string(let text): total += text.utf8.count
      case .array(let items): waiting += items
      case .object(let object):
        for member in object.members {
          total += member.key.utf8.count
          waiting.append(member.value)
        }
      case .null, .bool, .number: break
      }
    }
    return total
  }
}
