/// What a line that begins with / asks for.
enum ChatCommand: Equatable {
  case help, quit, clear, history
  case image(String), audio(String), video(String)
  case system(String), think(Int?), save(String), load(String)

  static let table: [(usage: String, meaning: String)] = [
    ("/image FILE", "show a picture with the next turn"),
    ("/audio FILE", "play a recording with the next turn"),
    ("/video FILE", "show a video with the next turn"),
    ("/system TEXT", "set what holds for the whole conversation; without a text: nothing"),
    ("/think N", "think for at most N tokens; 0: not at all; without a number: as the model likes"),
    ("/history", "print what was said so far"),
    ("/save FILE", "write the conversation, media included"),
    ("/load FILE", "go on with a conversation that was written"),
    ("/clear", "begin anew"),
    ("/quit", "leave"),
  ]

  /// - Returns: Nil for a line that is no command.
  /// - Throws: `Mistake` with a sentence for one that cannot be understood.
  init?(_ line: String) throws(Mistake) {
    guard line.hasPrefix("/"), let name = line.dropFirst().split(separator: " ", maxSplits: 1).first else { return nil }
    let rest = line.dropFirst(name.count + 1).drop(while: \.isWhitespace)
    let argument = String(rest.reversed().drop(while: \.isWhitespace).reversed())
    func path() throws(Mistake) -> String {
      guard !argument.isEmpty else { throw Mistake(sentence: "/\(name) needs a file") }
      return argument
    }
    switch name {
    case "help", "?": self = .help
    case "quit", "exit", "bye": self = .quit
    case "clear", "new": self = .clear
    case "history": self = .history
    case "image": self = .image(try path())
    case "audio": self = .audio(try path())
    case "video": self = .video(try path())
    case "system": self = .system(argument)
    case "save": self = .save(try path())
    case "load": self = .load(try path())
    case "think":
      guard !argument.isEmpty else {
        self = .think(nil)
        return
      }
      guard let count = Int(argument), count >= 0 else {
        throw Mistake(sentence: "/think needs a number of tokens, 0 or more, not '\(argument.prefix(40))'")
      }
      self = .think(count)
    default: throw Mistake(sentence: "there is no command /\(name.prefix(40)); /help tells those that there are")
    }
  }

  struct Mistake: Error {
    var sentence: String
  }
}

extension String {
  /// The text with spaces behind it, up to a width.
  func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
