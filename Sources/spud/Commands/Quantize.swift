internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudModels
internal import SpudTensors

extension QuantizationMix: ExpressibleByArgument {}

/// `spud quantize`: a model directory as one GGUF file, its matrices rounded.
struct Quantize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model's weights, rounded, as one GGUF file that other runtimes load too.",
    discussion: """
      Which tensor gets which type is decided as llama.cpp's llama-quantize does: in q4_k_m and q5_k_m some layers get \
      more bits, the output always does, and mxfp4 is for experts, with q8_0 for the rest. Rows that the blocks of a \
      type do not divide get the next type that does.

      -m is a directory with safetensors: what is in a .gguf file has been rounded already.

      The file holds the decoder and the text tokenizer. Pictures and sound need the codecs, which stay in the \
      model's directory: to run a unified model in less memory, use --weights q8_0 there.

      With --calibrate the model reads a text first, and columns of attention and of the experts' gates that meet \
      larger values count more in the rounding.

      Examples:
        spud quantize -m Qwen/Qwen3-0.6B --to q8_0 -o qwen3-0.6b-q8_0.gguf
        spud quantize -m OLMoE-1B-7B --to q4_k_m --calibrate book.txt -o olmoe-q4_k_m.gguf
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(
    name: .customLong("to"), help: "What matrices become, by llama.cpp's names; norms, biases and routers stay f32.")
  var mix: QuantizationMix

  @Option(
    name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The file to write.", valueName: "file.gguf"),
    completion: .file(extensions: ["gguf"]))
  var file: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      Let errors fall where they matter least to this text, in UTF-8, such as the model should do well; - is standard \
      input.
      """,
      valueName: "file"), completion: .file())
  var calibrate: String?

  @OptionGroup var threads: ThreadOptions

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
    try checkOutput()
    let importance = try await importance(of: path)
    let progress = Progress("writing")
    let bytes = try GGUFExport.write(
      from: path, to: file, mix: mix, importance: importance, progress: { progress.update($0) })
    progress.finish()
    let report = Report(file: file, bytes: bytes)
    if json.json { return try JSONOutput.print(report) }
    Terminal.report("wrote \(file), " + String(format: "%.1f MiB", Double(bytes) / 1_048_576))
    let directory = try ModelDirectory(path)
    if try !MappedFile.exists(directory.path(of: "tokenizer.json")) {
      Terminal.remark("the model has no tokenizer.json, so the file can be measured but not asked.")
    } else if try MappedFile.exists(directory.path(of: "vocabulary.json")) {
      Terminal.remark(
        """
        the file continues text, and answers nothing: the stream of a unified model is not in it. To run the model in \
        less memory, use --weights q8_0 with \(path).
        """)
    }
  }

  /// What would be found out only after the model has been read.
  private func checkOutput() throws {
    let url = URL(filePath: file)
    // A link to one of the model's own files, for example.
    guard url.resolvingSymlinksInPath().path.lowercased().hasSuffix(".gguf") else {
      throw SpudError(.usage, "-o is \(file), but it is a link to a file whose name does not end in .gguf")
    }
    guard Files.isDirectory(url.deletingLastPathComponent().path) else {
      throw SpudError(.io, "\(file): cannot be created: there is no such directory")
    }
  }

  /// What counts how much over the text to calibrate with; nil without one.
  private func importance(of path: String) async throws -> ImportanceMatrix? {
    guard let calibrate else { return nil }
    let text = try Files.text(calibrate)
    let model = try await Model.load(path, options: LoadOptions(threads: threads.count))
    let progress = Progress("calibrating")
    defer { progress.finish() }
    return try await model.importance(over: model.ids(ofText: text), progress: { progress.update($0) })
  }
}
