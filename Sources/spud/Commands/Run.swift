public import ArgumentParser
internal import Foundation
internal import SpudErrors
public import SpudInference
internal import SpudMemory
internal import SpudOptions
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
        spud run "my name is Ada" --memory ~/spud-memory --key-file key --session letters
        spud run -m Qwen3-30B-A3B "Why is the sky blue?" -n 200 --temperature 0.7
        spud run "is there a star?" --image scene.png --schema answer.json
        spud run --batch questions.jsonl -o answers.jsonl

      --batch answers a file of requests, one JSON object a line: {"id": "a", "prompt": "what is there?", "images": \
      ["scene.png"]}, or with "messages" of "role" and "content"; also "system", "audio", "videos", "max_tokens", \
      "temperature", "top_k", "top_p", "min_p", "seed", "stop", "schema", "output", "think". Paths are relative to the \
      file. Answers come as lines, each with the id (or else the number) of its request, as they are ready, pictures \
      and sounds in base64. With -o a run that was ended goes on where it was: requests whose answer is there are left \
      out.
      """)

  @Argument(help: ArgumentHelp("What to ask; - reads it from standard input.", valueName: "prompt"))
  var prompt: String?

  @Option(
    name: .long, help: ArgumentHelp("Read the prompt from a file of UTF-8 text.", valueName: "file"),
    completion: .file())
  var promptFile: String?

  @Option(name: .long, help: ArgumentHelp("What holds for the whole conversation.", valueName: "text"))
  var system: String?

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

  @Option(
    name: .long,
    help: ArgumentHelp("End the answer before this text. May be repeated.", valueName: "text"))
  var stop: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("Hold the answer to this JSON Schema; 'json' holds it to any JSON object.", valueName: "file"),
    completion: .file())
  var schema: String?

  @Option(
    name: .long, help: ArgumentHelp("Answer a file of requests instead, one JSON object a line.", valueName: "file"),
    completion: .file())
  var batch: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Requests of a batch that are answered at a time. Default: 8.", valueName: "n"))
  var parallel: Int?

  @Flag(name: .long, help: "Give a text-only model the prompt as it is, to go on with, not as a turn of a chat.")
  var raw = false

  @Flag(
    name: .long,
    help: "Print the numbers of tokens, times and the seed on standard error, which a terminal gets anyway.")
  var stats = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Go on with the conversation of this name, or begin it; it is kept in the --memory.", valueName: "name"))
  var session: String?

  @OptionGroup(title: "Memory") var memory: MemoryOptions
  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var json: JSONOptions

  func validate() throws {
    if session != nil, memory.directory == nil {
      throw ValidationError("--session is kept in a memory: give --memory DIR, too.")
    }
    if let think, think < 0 { throw ValidationError("--think is \(think), but must be 0 or more.") }
    if file == "-", json.json {
      throw ValidationError("-o - and --json both want standard output; name a file for one of them.")
    }
    if prompt != nil, promptFile != nil {
      throw ValidationError("A prompt and --prompt-file were given; give one of them.")
    }
    if batch != nil, session != nil {
      throw ValidationError("--batch goes on with no --session: each of its requests is one of its own.")
    }
    if batch != nil, prompt != nil || promptFile != nil || !media.inOrder.isEmpty {
      throw ValidationError("--batch takes prompts and media from its file, so none may be given beside it.")
    }
    if batch != nil, stats || raw || json.json {
      throw ValidationError(
        "--batch writes a line of JSON for each answer; --stats, --raw and --json go with one prompt.")
    }
    if session?.isEmpty == true { throw ValidationError("--session is empty; give the conversation a name.") }
    if let parallel {
      guard batch != nil else { throw ValidationError("--parallel is for --batch.") }
      guard (1...256).contains(parallel) else {
        throw ValidationError("--parallel is \(parallel), but must be between 1 and 256.")
      }
    }
  }

  func run() async throws {
    let form = try form()
    if let batch {
      let store = try memory.open { Terminal.remark($0) }
      let model = try await compute.load(self.model.resolved(), raw: raw)
      try await store?.attach(to: model)
      let requests = RequestBatch(
        path: batch, answers: file, form: form, system: system, stops: stop, thinking: think, output: output,
        sampling: self.sampling)
      // Whatever comes of the requests, what was answered is kept.
      var failure: (any Error)?
      do { try await requests.run(with: model, atOnce: parallel ?? 8) } catch { failure = error }
      if let store, let reason = await model.flushMemory(), store.canWrite { Terminal.remark(reason) }
      if let failure { throw failure }
      return
    }
    var missing: [String] = []
    let parts = try Progress.during("opening the media") {
      try media.parts(prompt: try promptFile.map { try Files.text($0) } ?? prompt, remarks: &missing)
    }
    let files = try AnswerFiles(path: file, expecting: output)
    let store = try memory.open { Terminal.remark($0) }
    let model = try await compute.load(self.model.resolved(), raw: raw)
    let outside = model.domain?.departures(of: parts, model: model.name)
    var remarks = [outside].compactMap(\.self).map { RunReport.RemarkReport(outside: $0) }
    for remark in remarks { Terminal.remark(remark.text) }
    remarks += missing.map { RunReport.RemarkReport(kind: "media", text: $0) }
    let sampling = sampling.value(for: model)
    let reading = Progress("reading")
    var options = GenerationOptions(
      sampling: sampling, maximumTokens: self.sampling.maxTokens ?? 1024, output: output, thinking: think,
      onPromptProgress: { fraction in fraction < 1 ? reading.update(fraction) : reading.finish() })
    options.stops = stop
    options.form = form
    let memory = try await store?.attach(to: model)
    let conversation = try session.flatMap { try memory?.session(named: $0, of: model) } ?? model.makeSession()
    let setUp = system.map { [StreamTurn(.system, [.text($0)])] } ?? []
    let response = conversation.respond(toNext: Request(setUp + [StreamTurn(.user, parts)], options: options))
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
    if let memory {
      for remark in try await remember(conversation, in: memory, of: model) {
        Terminal.remark(remark)
        remarks.append(RunReport.RemarkReport(kind: "memory", text: remark))
      }
    }
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

  private func form() throws -> GenerationOptions.Form {
    guard let schema else { return .free }
    return schema == "json" ? .json : .schema(try Files.text(schema))
  }

  /// Has what was said sealed before the program ends.
  ///
  /// - Returns: Why some of it is not.
  private func remember(_ conversation: Session, in memory: ModelMemory, of model: Model) async throws -> [String] {
    var remarks: [String] = []
    if let session {
      do { try await memory.save(conversation, named: session, of: model) } catch let error as SpudError {
        remarks.append(error.message)
      }
    }
    if let failure = await model.flushMemory(), memory.store.canWrite { remarks.append(failure) }
    return remarks
  }

  /// Room for fewer tokens than nobody asked for is worth a word only where a thought could use it up.
  private func matters(_ remark: Remark) -> Bool {
    guard case .littleRoom(let tokens, _) = remark, sampling.maxTokens == nil else { return true }
    return tokens < 2 * GenerationOptions.defaultThinking
  }
}
