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
      Media stand before the prompt, in the order of their flags. The answer's words stream to standard output; a \
      picture or a sound goes to a file. Ctrl-C ends the answer in order, a second one ends the program.

      Examples:
        spud run "what colour is the star?" --image scene.png
        spud run "what was said?" --audio recording.wav
        spud run "is what was asked for there?" --audio order.wav --image basket.png
        spud run "draw a red circle" --output image -o circle.png
        echo "one long question" | spud run - --json
        spud run -m Qwen3-30B-A3B "Why is the sky blue?" -n 200 --temperature 0.7
      """)

  @Argument(help: ArgumentHelp("What to ask; - reads it from standard input.", valueName: "prompt"))
  var prompt: String?

  @OptionGroup(title: "Media") var media: MediaOptions

  @Option(name: .long, help: ArgumentHelp("What the answer shall be. Default: as the model likes.", valueName: "kind"))
  var output: GenerationOptions.Output?

  @Option(
    name: [.customShort("o"), .customLong("out")],
    help: ArgumentHelp(
      "Where a picture (PNG) or a sound (WAV) goes; - is standard output. Default: answer.png, answer.wav.",
      valueName: "file"),
    completion: .file())
  var file: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Think at most so many tokens before answering; 0 not at all. Default: as the model likes.", valueName: "n"))
  var think: Int?

  @Flag(name: .long, help: "Continue the prompt as it is, without a text-only model's chat form.")
  var raw = false

  @Flag(name: .long, help: "Say how many tokens there were and how long they took, also where no one is watching.")
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
    var remarks: [String] = []
    let parts = try media.parts(prompt: prompt, remarks: &remarks)
    let files = try AnswerFiles(path: file, expecting: output)
    let model = try await compute.load(self.model.resolved(), raw: raw)
    let reading = Progress("reading")
    let options = GenerationOptions(
      sampling: sampling.value, maximumTokens: sampling.maxTokens ?? 1024, output: output, thinking: think,
      onPromptProgress: { fraction in fraction < 1 ? reading.update(fraction) : reading.finish() })
    let response = model.respond(to: parts, options: options)
    let interruption = InterruptSignal { response.interrupt() }
    defer { withExtendedLifetime(interruption) {} }
    let printer = AnswerPrinter(streams: !json.json, wordsTo: file == "-" ? .errors : .output)
    do {
      for try await piece in response { try printer.print(piece, to: files) }
    } catch {
      reading.finish()
      try? printer.endLine()
      throw error
    }
    try printer.endLine()
    guard let answer = printer.answer else { throw SpudError(.internal, "the answer ended without its last piece") }
    if json.json {
      try JSONOutput.print(RunReport(answer, files: files.written, model: model.name, remarks: remarks))
    } else if stats || Terminal.showsProgress {
      Terminal.report(Terminal.faint(answer.summary))
    }
  }
}

extension SamplingOptions {
  var value: Sampling {
    Sampling(temperature: temperature, topK: topK, topP: topP, minP: minP, seed: seed)
  }
}

/// What `spud run --json` prints.
struct RunReport: Encodable {
  struct UsageReport: Encodable {
    var text, image, audio, output: Int
  }

  struct TimingsReport: Encodable {
    var loadMs, tokenizeMs, prefillMs, firstTokenMs, decodeMs, decodeTokensPerSecond: Double
  }

  var model: String
  var text: String
  /// What the model thought; null if it did not.
  var thought: String?
  var files: [String]
  var tokens: [Int32]
  var finish: String
  var usage: UsageReport
  var timings: TimingsReport
  /// What is missing of the media files: a sentence each.
  var remarks: [String]

  init(_ answer: Answer, files: [String], model: String, remarks: [String] = []) {
    self.remarks = remarks
    self.model = model
    self.files = files
    text = answer.text
    thought = answer.thought.isEmpty ? nil : answer.thought
    tokens = answer.tokens
    finish = answer.finish.rawValue
    usage = UsageReport(
      text: answer.usage.text, image: answer.usage.image, audio: answer.usage.audio, output: answer.usage.output)
    timings = TimingsReport(
      loadMs: answer.timings.load.milliseconds, tokenizeMs: answer.timings.tokenize.milliseconds,
      prefillMs: answer.timings.prefill.milliseconds, firstTokenMs: answer.timings.firstToken.milliseconds,
      decodeMs: answer.timings.decode.milliseconds, decodeTokensPerSecond: answer.timings.decodeTokensPerSecond)
  }
}

extension Answer {
  /// One line on how many tokens there were and how long they took.
  var summary: String {
    let read = usage.text + usage.image + usage.audio
    var line = "\(read) tokens in (\(usage.text) text, \(usage.image) image, \(usage.audio) audio), \(usage.output) out"
    line += String(
      format: " · load %.0f ms, first token %.0f ms, %.0f tokens/s", timings.load.milliseconds,
      timings.firstToken.milliseconds, timings.decodeTokensPerSecond)
    return finish == .end ? line : line + " · \(finish == .length ? "cut off at the limit" : "interrupted")"
  }
}
