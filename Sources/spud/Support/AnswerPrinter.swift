internal import SpudInference
internal import SpudMedia
internal import SpudSupport

/// Prints the pieces of an answer as they come, and keeps the whole.
final class AnswerPrinter {
  enum Words { case output, errors }

  /// The answer, once its last piece is there.
  private(set) var answer: Answer?
  /// The remarks that came before the answer, and were printed.
  private(set) var said: [Remark] = []
  private let streams: Bool
  private let words: Words
  private var isInLine = false
  private var isInThought = false

  /// - Parameters:
  ///   - streams: Whether to print at all.
  ///   - words: Where words go: to standard error when pictures go to standard output.
  init(streams: Bool, wordsTo words: Words) {
    self.streams = streams
    self.words = words
  }

  func print(_ piece: Piece, to files: AnswerFiles) throws {
    if case .thought(let text) = piece {
      // Thoughts are for who watches; they are no part of the answer.
      guard streams, Terminal.showsProgress else { return }
      isInThought = true
      return Terminal.write(toErrors: Terminal.faint(TerminalText.withoutControls(text)))
    }
    if isInThought { Terminal.write(toErrors: "\n") }
    isInThought = false
    switch piece {
    case .text(let text): try show(text)
    case .thought: break
    case .image(let image): try announce { try files.write(image) }
    case .audio(let sound): try announce { try files.write(sound) }
    case .video(let clip):
      for frame in clip.frames { try announce { try files.write(frame) } }
      if let sound = clip.audio { try announce { try files.write(sound) } }
    case .remark(let remark):
      said.append(remark)
      Terminal.remark(remark.advice)
    case .call, .token: break
    case .finished(let answer): self.answer = answer
    }
  }

  /// Ends a line of words that has begun.
  func endLine() throws {
    guard isInLine else { return }
    isInLine = false
    try put("\n")
  }

  private func show(_ text: String) throws {
    guard streams else { return }
    try put(text)
    isInLine = !(text.last?.isNewline ?? !isInLine)
  }

  private func put(_ text: String) throws {
    switch words {
    case .output: try Terminal.write(Terminal.outputIsTerminal ? TerminalText.withoutControls(text) : text)
    case .errors: Terminal.write(toErrors: TerminalText.withoutControls(text))
    }
  }

  /// Writes a file and names it on standard error.
  private func announce(_ write: () throws -> String?) throws {
    let name = try write()
    guard streams, let name, name != "-" else { return }
    try endLine()
    Terminal.report("wrote \(name)")
  }
}

extension Remark {
  /// The remark in a sentence, with what can be done about it on the command line.
  var advice: String {
    switch self {
    case .leftOut, .systemFolded, .memory: description
    case .littleRoom: "\(description): a shorter prompt leaves more"
    case .thoughtCut(let tokens):
      "\(description): --think \(max(2 * tokens, 1)) gives it more, --think 0 has the model answer at once"
    case .cut(let tokens):
      "\(description): -n \(2 * tokens) lets it go on, and --think 0 keeps a thought from using it up"
    case .contextFull: "\(description): ask less at a time, or use --think 0"
    case .unfinished: "\(description): -n with a greater number may let it end"
    case .empty:
      "\(description): put the question another way, try --think 0, or --raw where the model has no chat form"
    case .blank: "\(description): the model did not understand what to make, so put it another way"
    }
  }
}
