internal import SpudErrors
public import SpudMedia
internal import SpudTensors

/// One line of an examples file: a conversation whose media lie in files beside it.
public struct Example: Sendable {
  /// One part as the file names it.
  public enum Part: Sendable, Equatable {
    case text(String)
    case thought(String)
    case image(path: String)
    case audio(path: String)
    case video(path: String)
  }

  public struct Turn: Sendable, Equatable {
    public var role: Role
    public var parts: [Part]
  }

  public var id: String
  public var skill: String
  public var task: String
  public var turns: [Turn]

  /// Loads the media of every turn.
  public func load(limits: MediaLimits = .default) throws -> [StreamTurn] {
    try turns.map { turn in
      StreamTurn(
        turn.role,
        try turn.parts.map { part in
          switch part {
          case .text(let text): .text(text)
          case .thought(let text): .thought(text)
          case .image(let path): .image(try RGBImage.load(path: path, limits: limits))
          case .audio(let path): .audio(try Waveform.load(path: path, limits: limits))
          case .video(let path): .video(try VideoClip.load(path: path, limits: limits))
          }
        })
    }
  }
}

extension Example {
  /// Parses one line.
  ///
  /// - Parameters:
  ///   - line: a JSON object.
  ///   - folder: what media paths are relative to.
  ///   - name: file and line, for errors.
  public init(line: [UInt8], folder: String, name: String) throws {
    let value = try JSONValue(parsing: line, name: name)
    guard let fields = value.object else {
      throw SpudError(.badData, "\(name): the line is \(value.kind), expected an object: one example a line")
    }
    func string(_ key: String) -> String { fields[key]?.string ?? "" }
    id = string("id")
    skill = string("skill")
    task = string("task")
    guard let turns = fields["turns"]?.array, !turns.isEmpty else {
      throw SpudError(.badData, "\(name): 'turns' is missing or empty, expected a list of turns")
    }
    self.turns = try turns.map { turn in
      guard let role = turn["role"]?.string.flatMap(Role.init), let parts = turn["parts"]?.array else {
        throw SpudError(.badData, "\(name): a turn lacks 'role' (user or assistant) or 'parts' (a list)")
      }
      return Turn(role: role, parts: try parts.map { try Self.part($0, folder: folder, name: name) })
    }
  }

  private static func part(_ value: JSONValue, folder: String, name: String) throws -> Part {
    guard let member = value.object?.members.first, value.object?.count == 1, let text = member.value.string else {
      throw SpudError(
        .badData, "\(name): a part is not an object of one string, expected {\"text\": …}, {\"image\": …} or the like")
    }
    func path() throws -> String {
      let components = text.split(separator: "/", omittingEmptySubsequences: false)
      guard !text.isEmpty, !text.hasPrefix("/"), !components.contains(".."), !text.utf8.contains(0) else {
        throw SpudError(
          .badData, "\(name): media path '\(text)' leaves the examples' folder, expected a relative path inside it")
      }
      return folder.isEmpty ? text : folder + "/" + text
    }
    switch member.key {
    case "text": return .text(text)
    case "thought": return .thought(text)
    case "image": return .image(path: try path())
    case "audio": return .audio(path: try path())
    case "video": return .video(path: try path())
    default:
      throw SpudError(.badData, "\(name): a part is '\(member.key)', expected text, thought, image, audio or video")
    }
  }
}
