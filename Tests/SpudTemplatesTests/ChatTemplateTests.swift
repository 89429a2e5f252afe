import SpudErrors
import SpudTensors
import Testing

@testable import SpudTemplates

@Suite("Chat templates")
struct ChatTemplateTests {
  @Test("templates in the shape of twelve families give transformers' bytes")
  func families() throws {
    let goldens = try Goldens.families()
    #expect(goldens.templates.count == 12)
    for template in goldens.templates {
      let differences = try goldens.differences(template)
      #expect(differences.isEmpty, "\(template): \(differences.prefix(2))")
      #expect(goldens.rendered(template) * 2 > goldens.requestCount, "\(template) renders too little to say anything")
    }
  }

  @Test("templates of real checkpoints give transformers' bytes")
  func realTemplates() throws {
    let goldens = try Goldens.real()
    #expect(goldens.templates.count >= 64)
    for template in goldens.templates {
      let differences = try goldens.differences(template)
      #expect(differences.isEmpty, "\(template): \(differences.prefix(2))")
      #expect(goldens.rendered(template) > 0, "\(template) never renders")
    }
  }

  @Test("the words of a request that a template refuses are in the error")
  func refusal() throws {
    let template = try ChatTemplate("\n{{ raise_exception('no ' + messages[0].role) }}", name: "model")
    let error = #expect(throws: SpudError.self) {
      try template.render(ChatTemplateRequest(messages: [.object(JSONObject([("role", .string("sprite"))]))]))
    }
    #expect(error?.message == "model, line 2: the template refuses this conversation: no sprite")
    #expect(error?.code == .badData)
  }

  @Test("an argument may not replace what the request itself says")
  func reservedArguments() throws {
    let template = try ChatTemplate("{{ messages }}", name: "model")
    let request = ChatTemplateRequest(messages: [], arguments: JSONObject([("messages", .array([]))]))
    #expect(throws: SpudError.self) { try template.render(request) }
    #expect(throws: SpudError.self) { try template.render(ChatTemplateRequest(messages: [.string("hello")])) }
  }

  @Test("members that are null are left out, and thoughts have all their names")
  func messages() throws {
    let template = try ChatTemplate(
      "{{ messages[0] }}|{{ messages[1].thinking }}|{{ messages[1].reasoning_content }}", name: "model")
    let first = JSONValue.object(JSONObject([("role", .string("assistant")), ("content", .null)]))
    let second = JSONValue.object(JSONObject([("role", .string("assistant")), ("reasoning", .string("hm"))]))
    let prompt = try template.render(ChatTemplateRequest(messages: [first, second]))
    #expect(prompt.text == "{'role': 'assistant'}|hm|hm")
  }
}
