internal import ArgumentParser
internal import SpudErrors
internal import SpudInference
internal import SpudTokens

/// `spud chat`: a conversation in the terminal.
struct Chat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Talk with a model: turn by turn, with pictures and sounds.",
    discussion: """
      Each line is a turn; a line that begins with / is a command:
        \(ChatCommand.table.map { "\($0.usage.padding(18))\($0.meaning)" }.joined(separator: "\n  "))
      A line that ends in \\ goes on in the next. Ctrl-C ends the answer only, or the line; Ctrl-D leaves. When the \
      context is full, the oldest turns are left out, which is said.

      Examples:
        spud chat
        spud chat --system "Answer in one word." -m Qwen3-4B
        spud chat -o 'drawn-%d.png'
      """)

  @Option(name: .long, help: ArgumentHelp("What holds for the whole conversation.", valueName: "text"))
  var system: String?

  @Option(
    name: .long, help: ArgumentHelp("Go on with a conversation that /save wrote.", valueName: "file"),
    completion: .file())
  var load: String?

  @Option(
    name: [.customShort("o"), .customLong("out")],
    help: ArgumentHelp(
      "Save the pictures and sounds of answers under such names, numbered from 1: 'drawn-%d.png', 'part-%d'.",
      valueName: "pattern"))
  var file: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Think before answering, for at most so many tokens; 0: not at all.", valueName: "n"))
  var think: Int?

  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func validate() throws {
    if let think, think < 0 { throw ValidationError("--think is \(think), but must be 0 or more.") }
    if let file, FilePattern(file) == nil {
      throw ValidationError("-o is '\(file)', but must be a pattern with %d, for an answer may hold more than one.")
    }
  }

  func run() async throws {
    let files = try AnswerFiles(path: file, expecting: nil)
    let model = try await compute.load(self.model.resolved())
    var conversation = Conversation(
      turns: system.map { [StreamTurn(.system, [.text($0)])] } ?? [], thinking: think)
    if let load { conversation.turns = try SavedConversation.read(load) }
    var chat = ChatLoop(
      model: model, conversation: conversation, sampling: sampling.value(for: model),
      maximumTokens: sampling.maxTokens ?? 1024, files: files)
    if Terminal.inputIsTerminal {
      Terminal.report(
        Terminal.faint("\(model.name), \(model.contextLength) tokens of context; /help tells the commands"))
    }
    while let line = ChatInput.next() {
      guard try await chat.take(line) else { break }
    }
  }
}
