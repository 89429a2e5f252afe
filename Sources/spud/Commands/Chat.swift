internal import ArgumentParser
internal import SpudErrors
internal import SpudInference
internal import SpudMemory
internal import SpudOptions
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
        spud chat --memory ~/spud-memory --key-file key --session letters
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

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Go on with the conversation of this name, or begin it; it is kept in the --memory.", valueName: "name"))
  var session: String?

  @OptionGroup(title: "Memory") var memory: MemoryOptions
  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions

  func validate() throws {
    if let think, think < 0 { throw ValidationError("--think is \(think), but must be 0 or more.") }
    if session != nil, memory.directory == nil {
      throw ValidationError("--session is kept in a memory: give --memory DIR, too.")
    }
    if session?.isEmpty == true { throw ValidationError("--session is empty; give the conversation a name.") }
    if let file, FilePattern(file) == nil {
      throw ValidationError("-o is '\(file)', but must be a pattern with %d, for an answer may hold more than one.")
    }
  }

  func run() async throws {
    let files = try AnswerFiles(path: file, expecting: nil)
    let store = try memory.open { Terminal.remark($0) }
    let model = try await compute.load(self.model.resolved(), waits: true)
    let memory = try await store?.attach(to: model)
    var conversation = Conversation(turns: [], thinking: think)
    var kept: KeptConversation?
    if let session, let memory {
      let found = try await KeptConversation(session, in: memory, of: model)
      conversation.turns = found.turns
      kept = found
      if let words = found.beginning { Terminal.report(Terminal.faint(words)) }
    }
    if let system {
      if conversation.turns.isEmpty {
        conversation.system = system
      } else {
        Terminal.remark("the conversation has begun, so --system is left out; /system sets what holds from now on")
      }
    }
    if let load { conversation.turns = try SavedConversation.read(load) }
    var chat = ChatLoop(
      model: model, conversation: conversation, kept: kept, sampling: sampling.value(for: model),
      maximumTokens: sampling.maxTokens ?? 1024, files: files, goesOn: load == nil)
    if Terminal.inputIsTerminal {
      Terminal.report(
        Terminal.faint("\(model.name), \(model.contextLength) tokens of context; /help tells the commands"))
    }
    while let line = ChatInput.next() {
      guard try await chat.take(line) else { break }
    }
    if let store, let failure = await model.flushMemory(), store.canWrite { Terminal.remark(failure) }
  }
}
