public import ArgumentParser
internal import Foundation
internal import SpudErrors
public import SpudInference
internal import SpudTokens

extension GenerationOptions.Output: ExpressibleByArgument {}

/// `spud run`: one turn, its answer streamed.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a model something: text, pictures, sound and video in, text, a picture or a sound out.",
    discussion: """
      The model reads the media first, in the order of their flags, then the prompt. The answer's words go to standard \
      output as they come. Pictures and sounds of the answer are saved only where -o or --output asks for it. What is \
      wrong with an answer (cut, empty, blank) is said on standard error and in the "remarks" of --json. Ctrl-C ends \
      the answer early and keeps what is there; a second Ctrl-C ends the program.

      Examples:
        spud run "what colour is the star?" --image scene.png
        spud run "what was said?" --audio recording.wav
        spud run "is what was asked for there?" --audio order.wav --image basket.png
        spud run "draw a red circle" --output image -o circle.png
        spud run "say seven two" --output audio -o 'said-%d.wav'
        echo "one long question" | spud run - --json
        spud run -m Qwen3-30B-A3B "Why is the sky blue?" -n 200 --temperature 0.7
      """)

  @Argument(help: ArgumentHelp("What to ask; - reads it from standard input.", valueName: "prompt"))
  var prompt: String?

  @OptionGroup(title: "Media") var media: MediaOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What the answer must be: words, one picture or one sound. Default: what the model chooses.", valueName: "kind"))
  var output: GenerationOptions.Output?

  @Option(
    name: [.customShort("o"), .customLong("out")],
    help: ArgumentHelp(
      """
      Save the answer's first picture (FILE.png) or sound (FILE.wav); - is standard output. With %d in the name, such \
      as 'frame-%d.png' or 'frame-%03d.png', save every one, numbered from 1; without an ending \
      ('part-%d') both kinds. \
      Default: nothing is saved, but with --output image answer.png, with --output audio answer.wav.
      """,
      valueName: "file"),
    completion: .file())
  var file: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Think before answering, for at most so many tokens; 0: not at all. Default: if the model likes, for at most "
        + "\(GenerationOptions.defaultThinking).",
      valueName: "n"))
  var think: Int?

  @Flag(name: .long, help: "Give a text-only model the prompt as it is, to go on with, not as a turn of a chat.")
  var raw = false

  @Flag(
    name: .long,
    help: "Print the numbers of tokens, times and the seed on standard error, which a terminal gets anyway.")
  var stats = false

  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var json: JSONOptions

  func validate() throws {
    if let think, think < 0 { throw ValidationError("--think is \(think), but must be 0 or more.") }
    if file == "-", json.json {
      throw ValidationError("-o - and --json both want standard output; name a file for one of them.")
    }
  }

  func run() async throws {
    var missing: [String] = []
    let parts = try Progress.during("opening the media") { try media.parts(prompt: prompt, remarks: &missing) }
    let files = try AnswerFiles(path: file, expecting: output)
    let model = try await compute.load(self.model.resolved(), raw: raw)
    let outside = model.domain?.departures(of: parts, model: model.name)
    var remarks = [outside].compactMap(\.self).map { RunReport.RemarkReport(outside: $0) }
    for remark in remarks { Terminal.remark(remark.text) }
    remarks += missing.map { RunReport.RemarkReport(kind: "media", text: $0) }
    let sampling = sampling.value(for: model)
    let reading = Progress("reading")
    let options = GenerationOptions(
      sampling: sampling, maximumTokens: self.sampling.maxTokens ?? 1024, output: output, thinking: think,
      onPromptProgress: { fraction in fraction < 1 ? reading.update(fraction) : reading.finish() })
    let response = model.respond(to: parts, options: options)
    let interruption = InterruptSignal { response.interrupt() }
    defer { withExtendedLifetime(interruption) {} }
    let printer = AnswerPrinter(streams: !json.json, wordsTo: file == "-" ? .errors : .output)
    do {
      for try await piece in response {
        if case .remark(let remark) = piece, !matters(remark) { continue }
        try printer.print(piece, to: files)
      }
    } catch {
      reading.finish()
      try? printer.endLine()
      throw error
    }
    try printer.endLine()
    guard let answer = printer.answer else { throw SpudError(.internal, "the answer ended without its last piece") }
    // The first of them were said when they were known, before the answer.
    let said = answer.remarks.filter(matters)
    for remark in said where !printer.said.contains(remark) { Terminal.remark(remark.advice) }
    for remark in files.remarks { Terminal.remark(remark) }
    remarks += said.map { RunReport.RemarkReport(kind: $0.kind, text: $0.advice) }
    remarks += files.remarks.map { RunReport.RemarkReport(kind: "files", text: $0) }
    let seed = sampling.temperature > 0 ? sampling.seed : nil
    if stats || (Terminal.showsProgress && !json.json) {
      Terminal.report(Terminal.faint(answer.summary + (seed.map { " · seed \($0)" } ?? "")))
    }
    if json.json {
      try JSONOutput.print(
        RunReport(answer, files: files.written, model: model.name, seed: seed, remarks: remarks))
    }
  }

  /// Room for fewer tokens than nobody asked for is worth a word only where a thought could use it up.
  private func matters(_ remark: Remark) -> Bool {
    guard case .littleRoom(let tokens, _) = remark, sampling.maxTokens == nil else { return true }
    return tokens < 2 * GenerationOptions.defaultThinking
  }
}
