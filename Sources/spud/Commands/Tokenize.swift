internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudSupport
internal import SpudTokens

/// `spud tokenize`: the stream that the model would read.
struct Tokenize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the stream of tokens that a prompt and its media become.",
    discussion: """
      A table: the position, the id, its kind (text, control, image or audio) and what it stands for. With --examples \
      and --pack, many streams are written into one file for training.

      Examples:
        spud tokenize "what colour is the star?" --image scene.png
        spud tokenize --audio question.wav --json
        spud tokenize "what is this?" --image scene.png --draw stream.svg
        spud tokenize "Hello, world!" -m qwen3.gguf
        spud tokenize --examples world/examples.jsonl --pack packed.safetensors
      """)

  @Argument(help: "The prompt; - reads it from standard input.")
  var prompt: String?

  @OptionGroup var media: MediaOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var json: JSONOptions
  @OptionGroup var threads: ThreadOptions

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Files of examples (JSON Lines) to pack for training.", valueName: "file"),
    completion: .file(extensions: ["jsonl"]))
  var examples: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write the examples' streams here: tensors tokens (U16) and offsets (I64); - is standard output.",
      valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var pack: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Draw the stream as a picture (SVG); - is standard output, without the table.", valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var draw: String?

  func validate() throws {
    guard draw == nil || examples.isEmpty else { throw ValidationError("--draw shows one prompt, not --examples.") }
    guard examples.isEmpty == (pack == nil) else {
      throw ValidationError("--examples and --pack go together.")
    }
    guard examples.isEmpty || (prompt == nil && media.inOrder.isEmpty) else {
      throw ValidationError("--examples takes no prompt and no media.")
    }
    if draw == "-" || pack == "-", json.json {
      throw ValidationError("- and --json both want standard output; name a file for one of them.")
    }
  }

  func run() async throws {
    try Terminal.checkBinary(pack)
    let path = try model.resolved()
    var remarks: [String] = []
    if let checkpoint = try TextCheckpoint(path: path) {
      guard draw == nil, pack == nil else {
        throw SpudError(.usage, "\(path): reads text only, so it has no stream to draw or to pack")
      }
      let turn = StreamTurn(.user, try media.parts(prompt: prompt, remarks: &remarks))
      return try show(
        checkpoint.tokens(of: turn).enumerated().map { position, token in
          Token(
            position: position, id: token.id, modality: (token.isSpecial ? Modality.control : .text).rawValue,
            piece: token.piece)
        }, remarks)
    }
    let tokenizer = try StreamTokenizer.load(directory: path)
    if let pack { return try packExamples(to: pack, tokenizer) }
    let stream = try Progress.during("opening the media") {
      try tokenizer.encodePrompt([StreamTurn(.user, try media.parts(prompt: prompt, remarks: &remarks))])
    }
    if let draw {
      let picture = try StreamDrawing(tokenizer).svg(stream.ids)
      if draw == "-" { return try Terminal.write(picture) }
      try AtomicFile.write(Array(picture.utf8), to: draw)
    }
    try show(
      stream.ids.enumerated().map { position, id in
        Token(
          position: position, id: id, modality: tokenizer.vocabulary.modality(of: id)?.rawValue ?? "",
          piece: tokenizer.piece(of: id))
      }, remarks)
  }

  private func show(_ tokens: [Token], _ remarks: [String]) throws {
    if json.json {
      return try JSONOutput.print(
        Report(tokens: tokens, remarks: remarks.map { RunReport.RemarkReport(kind: "media", text: $0) }))
    }
    try Terminal.write(Self.table(tokens))
  }

  struct Token: Encodable, Equatable {
    var position: Int
    var id: Int32
    var modality: String
    var piece: String
  }

  struct Report: Encodable {
    var tokens: [Token]
    /// What is missing of the media files: a sentence each.
    var remarks: [RunReport.RemarkReport]
  }

  private func packExamples(to path: String, _ tokenizer: StreamTokenizer) throws {
    let start = ContinuousClock.now
    let bar = Progress("packing")
    let packed = try ExamplePacker(tokenizer).pack(examples, threads: threads.count) { done, total in
      bar.update(Double(done) / Double(max(1, total)))
    }
    bar.finish()
    if path == "-" { return try Terminal.write(bytes: packed.bytes) }
    try packed.write(to: path)
    let report = PackReport(
      file: path, examples: packed.count, tokens: packed.tokens.count, seconds: start.duration(to: .now) / .seconds(1))
    if json.json { return try JSONOutput.print(report) }
    try Terminal.writeLine(
      "\(path): \(report.examples) examples, \(report.tokens) tokens in \(String(format: "%.1f", report.seconds)) s")
  }

  struct PackReport: Encodable {
    var file: String
    var examples: Int
    var tokens: Int
    var seconds: Double
  }

  /// Columns: position, id, modality, piece.
  static func table(_ tokens: [Token]) -> String {
    let idWidth = max(2, String(tokens.map(\.id).max() ?? 0).count)
    let positionWidth = max(8, String(tokens.count).count)
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    var lines = ["\(right("position", positionWidth))  \(right("id", idWidth))  modality  piece"]
    for token in tokens {
      let modality = token.modality.padding(toLength: 8, withPad: " ", startingAt: 0)
      let numbers = "\(right(String(token.position), positionWidth))  \(right(String(token.id), idWidth))"
      lines.append("\(numbers)  \(modality)  \(printable(token))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A text piece in quotes, with what a terminal would act on spelled out; a name as it is.
  private static func printable(_ token: Token) -> String {
    guard token.modality == Modality.text.rawValue else { return token.piece }
    var text = ""
    for scalar in token.piece.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
        text += scalar == "\n" ? "\\n" : scalar == "\t" ? "\\t" : "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return "\"\(text)\""
  }
}
