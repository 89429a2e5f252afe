internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudModels

extension Model.Pooling: ExpressibleByArgument {}

/// `spud embed`: a text as one vector.
struct Embed: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a vector for each text: what the model's last layer makes of it.",
    discussion: """
      The vectors are those from which the model predicts what comes next, after the final norm, with a length of 1 \
      unless --no-normalize is given. A model that was not trained for it gives vectors that tell little of meaning.

      Examples:
        spud embed "a red star" "a blue circle" -m model.gguf
        spud embed - --pooling last --json < page.txt
      """)

  @Argument(help: ArgumentHelp("The texts; - is standard input.", valueName: "text"))
  var texts: [String]

  @Option(name: .long, help: "Take the mean over all positions, or the last one, which has seen the others.")
  var pooling = Model.Pooling.mean

  @Flag(name: .long, inversion: .prefixedNo, help: "Divide each vector by its length.")
  var normalize = true

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var json: JSONOptions

  struct Embedding: Encodable {
    /// Ids that the text has.
    var tokens: Int
    var values: [Float]
  }

  struct Report: Encodable {
    var model: String
    var pooling: String
    var isNormalized: Bool
    var width: Int
    var embeddings: [Embedding]
  }

  func run() async throws {
    let input = texts.contains("-") ? try Files.text("-") : ""
    let model = try await compute.load(self.model.resolved())
    var embeddings: [Embedding] = []
    for (number, text) in texts.enumerated() {
      let ids = model.ids(ofText: text == "-" ? input : text)
      let name = text == "-" ? "standard input" : "text \(number + 1) of \(texts.count)"
      guard !ids.isEmpty else { throw SpudError(.usage, "\(name) is empty, so it has no embedding") }
      let values = try await model.embed(
        model.embeddingIDs(of: text == "-" ? input : text), pooling: pooling, normalizes: normalize)
      embeddings.append(Embedding(tokens: ids.count, values: values))
    }
    guard json.json else {
      for embedding in embeddings {
        try Terminal.writeLine(embedding.values.map { String(format: "%.6g", $0) }.joined(separator: " "))
      }
      return
    }
    try JSONOutput.print(
      Report(
        model: model.name, pooling: pooling.rawValue, isNormalized: normalize, width: model.configuration.modelWidth,
        embeddings: embeddings))
  }
}
