import Foundation
import SpudErrors
import SpudTensors

@testable import SpudTemplates

/// What `Scripts/goldens/templates.py` wrote: requests, and for each template what transformers made of them.
struct Goldens {
  struct Difference {
    let request: String
    let expected: String
    let found: String
  }

  let folder: String
  private let requests: [JSONValue]
  private let results: [(template: String, cases: [JSONValue])]

  init(folder: String, file: String) throws {
    self.folder = folder
    let json = try JSONValue(contentsOf: file)
    requests = json["requests"]?.array ?? []
    results = json["results"]?.object?.members.map { ($0.key, $0.value.array ?? []) } ?? []
  }

  var templates: [String] { results.map(\.template) }
  var requestCount: Int { requests.count }

  /// How many requests of a template render.
  func rendered(_ template: String) -> Int {
    results.first { $0.template == template }?.cases.count { $0["text"] != nil } ?? 0
  }

  /// Where our text is another than transformers', or only one of the two refuses.
  func differences(_ template: String) throws -> [Difference] {
    let source = try String(contentsOfFile: "\(folder)/\(template)", encoding: .utf8)
    let cases = results.first { $0.template == template }?.cases ?? []
    return zip(requests, cases).compactMap { request, expected in
      let found: JSONValue
      do {
        let prompt = try ChatTemplate(source, name: template).render(Self.request(request), now: Self.now)
        found = .string(prompt.text)
      } catch {
        found = .null
      }
      if found == expected["text"] ?? .null { return nil }
      return Difference(
        request: request["name"]?.string ?? "", expected: expected["text"]?.string ?? expected["fails"]?.string ?? "",
        found: found.string ?? "refused")
    }
  }

  static let now = TemplateTime(year: 2026, month: 3, day: 5, hour: 14, minute: 7, second: 9)

  private static func request(_ json: JSONValue) -> ChatTemplateRequest {
    ChatTemplateRequest(
      messages: json["messages"]?.array ?? [], tools: json["tools"]?.array, documents: json["documents"]?.array,
      addsGenerationPrompt: json["add_generation_prompt"]?.bool ?? false,
      specialTokens: json["special_tokens"]?.object?.members.map { ($0.key, $0.value.string ?? "") } ?? [],
      arguments: json["kwargs"]?.object ?? JSONObject())
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  static let fixtures = root + "/Tests/SpudTemplatesTests/Fixtures"

  static func families() throws -> Goldens {
    try Goldens(folder: fixtures + "/Families", file: fixtures + "/families.json")
  }

  /// The templates of real checkpoints, fetched if they are not there.
  static func real() throws -> Goldens {
    let process = Process()
    process.executableURL = URL(filePath: root + "/Scripts/chat-templates")
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw SpudError(.unavailable, "Scripts/chat-templates ended with \(process.terminationStatus)")
    }
    let folder = root + "/" + String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    return try Goldens(folder: folder, file: folder + "/goldens.json")
  }
}
