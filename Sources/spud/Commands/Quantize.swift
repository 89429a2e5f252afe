internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudKernels

/// `spud quantize`: a model directory as one GGUF file, its matrices rounded.
struct Quantize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model's weights, rounded, as one GGUF file that other runtimes load too.",
    discussion: """
      The file holds the decoder and the text tokenizer. Pictures and sound need the codecs, which stay in the \
      model's directory: to run a unified model in less memory, use --weights q8_0 there.

      Examples:
        spud quantize --to q8_0 -o spud-nano-q8_0.gguf
        spud quantize -m OLMoE-1B-7B --to q4_0 -o olmoe-q4_0.gguf --json
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(name: .customLong("to"), help: "What matrices become; norms, biases and routers stay f32.")
  var format: WeightFormat

  @Option(
    name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The file to write.", valueName: "file.gguf"),
    completion: .file(extensions: ["gguf"]))
  var file: String

  @OptionGroup var json: JSONOptions

  struct Report: Encodable {
    var file: String
    var bytes: Int
  }

  func validate() throws {
    guard file.lowercased().hasSuffix(".gguf") else {
      throw ValidationError("-o is \(file), but the file's name must end in .gguf.")
    }
  }

  func run() async throws {
    let path = try model.resolved()
    let progress = Progress("writing")
    let bytes = try GGUFExport.write(
      from: path, to: file, format: format, progress: { progress.update($0) })
    progress.finish()
    let report = Report(file: file, bytes: bytes)
    if json.json { return try JSONOutput.print(report) }
    Terminal.report("wrote \(file), " + String(format: "%.1f MiB", Double(bytes) / 1_048_576))
  }
}
