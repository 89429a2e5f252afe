import Foundation
import SpudTokens

@testable import SpudInference

extension TinyModel {
  /// The tiny model as a chat model's directory: with marks for its turns, a token before every text, three endings
  /// and a chat template.
  static func withChat(
    templateFile: String = "chat_template.jinja", _ text: String, advice: String = "",
    _ body: (String) async throws -> Void
  ) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-chat-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    func write(_ text: String, to name: String) throws {
      try Data(text.utf8).write(to: directory.appending(path: name))
    }
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(
        atPath: TinyModel.directory + "/" + name, toPath: directory.appending(path: name).path)
    }
    let template =
      #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<bos>"}},{"Sequence":{}}]}"#
    let tokenizer = try String(contentsOfFile: TinyModel.directory + "/tokenizer.json", encoding: .utf8)
      .replacing("<user>", with: "<|im_start|>").replacing("<assistant>", with: "<|im_end|>")
      .replacing(/"post_processor":\s*null/, with: template)
    try write(tokenizer, to: "tokenizer.json")
    try write(#"{"eos_token_id":[264,262,260],"bos_token_id":262\#(advice)}"#, to: "generation_config.json")
    try write(text, to: templateFile)
    try await body(directory.path)
  }

  /// A template as many models have it, with a mark of how they write calls.
  static func template(calls mark: String = "") -> String {
    """
    {#- tools \(mark) -#}
    {%- for m in messages -%}
    <|im_start|>{{ m.role }}: {{ m.content }}
    {%- for call in m.tool_calls or [] %}[{{ call.function.name }}({{ call.function.arguments | tojson }})]{% endfor -%}
    <|im_end|>
    {%- endfor -%}
    {%- for tool in tools or [] %}{{ tool.function.name }}{% endfor -%}
    <|im_start|>assistant:
    """
  }
}
