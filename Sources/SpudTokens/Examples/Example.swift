internal import SpudErrors
public import SpudMedia
package import SpudTensors

/// One line of an examples file: a conversation whose media lie in files beside it.
public struct Example: Sendable {
  public var id: String
  public var skill: String
  public var task: String
  public var turns: [PromptTurn]

  /// The line as it is written, with whatever else it says.
  package let json: JSONValue

  /// Loads the media of every turn.
  public func load(limits: MediaLimits = .default) throws -> [StreamTurn] {
    try MediaStore(limits: limits).load(turns)
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
    json = value
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
      return PromptTurn(role, try parts.map { try Self.part($0, folder: folder, name: name) })
    }
  }

  private static func part(_ value: JSONValue, folder: String, name: String) throws -> PromptPart {
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
