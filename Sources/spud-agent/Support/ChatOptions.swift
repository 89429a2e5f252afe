internal import ArgumentParser
internal import Foundation
internal import SpudAgent
internal import SpudErrors

/// Which served model works.
struct ChatOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The address of the model's server.", valueName: "url"))
  var modelAddress = "http://127.0.0.1:8080/v1"
  @Option(help: ArgumentHelp("The model's name there.", valueName: "name")) var model = "default"
  @Option(help: ArgumentHelp("A file with the key of that server.", valueName: "file")) var keyFile: String?

  func key() throws -> String? {
    try keyFile.map { path in
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw SpudError(.noInput, "\(path): no key can be read there")
      }
      let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !key.isEmpty, key.allSatisfy({ $0.isASCII && $0 > " " }) else {
        throw SpudError(.badData, "\(path): holds no key, which is one word")
      }
      return key
    }
  }

  func served() throws -> ChatModel { try ChatModel(address: modelAddress, model: model, key: key()) }
}
