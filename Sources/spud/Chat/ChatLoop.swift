internal import Foundation
internal import SpudErrors
internal import SpudSupport
internal import SpudInference
internal import SpudMedia
internal import SpudTokens

/// What was said so far, and how the next answer is to be.
struct Conversation {
  var turns: [StreamTurn] = []
  /// Media for the next turn.
  var waiting: [StreamPart] = []
  /// Tokens of thought; nil is as the model likes.
  var thinking: Int?

  /// What holds for the whole conversation; nil for nothing.
  var system: String? {
    get {
      guard let first = turns.first, first.role == .system, case .text(let text) = first.parts.first else { return nil }
      return text
    }
    set {
      if turns.first?.role == .system { turns.removeFirst() }
      if let newValue { turns.insert(StreamTurn(.system, [.text(newValue)]), at: 0) }
    }
  }
}

/// A conversation with a model, line by line.
struct ChatLoop {
  let model: Model
  var conversation: Conversation
  var sampling: Sampling
  let maximumTokens: Int
  let files: AnswerFiles
  private let kept: KeptConversation?
  private let session: Session
  /// Whether the session holds what was said so far, so that it is asked for the next turn alone.
  private var goesOn: Bool
  /// Remarks on media that were told already.
  private var told = 0
  /// Why the conversation is not kept any more; told once.
  private var unkept: String?

  /// - Parameters:
  ///   - kept: The conversation that is gone on with, or begun, where it is kept.
  ///   - goesOn: Whether `conversation` is what was kept.
  init(
    model: Model, conversation: Conversation, kept: KeptConversation?, sampling: Sampling, maximumTokens: Int,
    files: AnswerFiles, goesOn: Bool
  ) {
    self.model = model
    self.conversation = conversation
    self.kept = kept
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.files = files
    session = kept?.session ?? model.makeSession()
    self.goesOn = goesOn && kept?.turns.isEmpty == false
    // Another answer is another draw, in whichever process.
    self.sampling.seed &+= UInt64(conversation.turns.count { $0.role == .assistant })
  }

  /// Does what a line asks for.
  ///
  /// A fault of one line ends nothing: it is told.
  ///
  /// - Returns: Whether the conversation goes on.
  /// - Throws: `SpudError` (`io`) when standard output is gone.
  mutating func take(_ line: String) async throws -> Bool {
    do {
      if let command = try ChatCommand(line) {
        do { return try run(command) } catch let error as SpudError where command != .history {
          // A file that cannot be written or read is no reason to end.
          Terminal.report("spud: \(error.message)")
          return true
        }
      }
      guard !line.allSatisfy(\.isWhitespace) || !conversation.waiting.isEmpty else { return true }
      try await answer(line)
    } catch let mistake as ChatCommand.Mistake {
      Terminal.report("spud: \(mistake.sentence)")
    } catch let error as SpudError where error.code != .io || Terminal.inputIsTerminal {
      Terminal.report("spud: \(error.message)")
    }
    return true
  }

  private mutating func answer(_ line: String) async throws {
    let parts = conversation.waiting + (line.isEmpty ? [] : [.text(line)])
    if let outside = model.domain?.departures(of: parts, model: model.name) { Terminal.remark(outside) }
    let turn = StreamTurn(.user, parts)
    let turns = conversation.turns + [turn]
    let options = GenerationOptions(
      sampling: sampling, maximumTokens: maximumTokens, thinking: conversation.thinking)
    let response =
      goesOn
      ? session.respond(toNext: Request([turn], options: options))
      : session.respond(toConversation: Request(turns, options: options))
    let interruption = InterruptSignal { response.interrupt() }
    defer { withExtendedLifetime(interruption) {} }
    let printer = AnswerPrinter(streams: true, wordsTo: .output)
    for try await piece in response { try printer.print(piece, to: files) }
    try printer.endLine()
    guard let answer = printer.answer else { return }
    for remark in answer.remarks where !printer.said.contains(remark) { Terminal.remark(remark.advice) }
    for remark in files.remarks.dropFirst(told) { Terminal.remark(remark) }
    told = files.remarks.count
    if answer.finish == .interrupted { Terminal.report(Terminal.faint("(interrupted)")) }
    // An answer without a token leaves everything as it was.
    guard !answer.tokens.isEmpty else { return }
    goesOn = true
    conversation.turns = turns + [StreamTurn(.assistant, answer.parts)]
    conversation.waiting = []
    // Another answer to the same question is another draw.
    sampling.seed &+= 1
    if let failure = try await kept?.save(), failure != unkept {
      unkept = failure
      Terminal.remark(failure)
    }
  }

  private mutating func run(_ command: ChatCommand) throws -> Bool {
    var remarks: [String] = []
    switch command {
    case .quit: return false
    case .help:
      for (usage, meaning) in ChatCommand.table { Terminal.report("  \(usage.padding(16))\(meaning)") }
    case .clear:
      beginAnew()
      conversation = Conversation(
        turns: conversation.system.map { [StreamTurn(.system, [.text($0)])] } ?? [], thinking: conversation.thinking)
    case .history: try printHistory()
    case .image(let path):
      conversation.waiting.append(.image(try RGBImage.load(path: path, remarks: &remarks)))
    case .audio(let path):
      conversation.waiting.append(.audio(try Waveform.load(path: path, remarks: &remarks)))
    case .video(let path):
      conversation.waiting.append(.video(try VideoClip.load(path: path, remarks: &remarks)))
    case .system(let text):
      goesOn = false
      conversation.system = text.isEmpty ? nil : text
    case .think(let count): conversation.thinking = count
    case .save(let path):
      try SavedConversation.write(conversation.turns, to: path)
      Terminal.report("wrote \(path)")
    case .load(let path):
      let turns = try SavedConversation.read(path)
      beginAnew()
      conversation.turns = turns
      conversation.waiting = []
      Terminal.report("\(conversation.turns.count) turns read")
    }
    for remark in remarks { Terminal.remark(TerminalText.withoutControls(remark)) }
    return true
  }

  private mutating func beginAnew() {
    goesOn = false
    guard let kept, !conversation.turns.isEmpty else { return }
    Terminal.remark("with the next answer, what was kept of the conversation '\(kept.name)' is forgotten")
  }

  private func printHistory() throws {
    for turn in conversation.turns {
      let parts = turn.parts.compactMap { part -> String? in
        switch part {
        case .text(let text): text
        case .thought: nil
        case .image, .audio, .video, .call, .result: "[\(part.kind.withArticle)]"
        }
      }
      let text = "\(turn.role.rawValue): \(parts.joined(separator: " "))"
      try Terminal.writeLine(Terminal.outputIsTerminal ? TerminalText.withoutControls(text) : text)
    }
  }
}
