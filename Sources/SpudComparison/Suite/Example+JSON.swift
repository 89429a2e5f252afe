internal import Foundation
internal import SpudErrors
internal import SpudPipeline
internal import SpudTensors

extension Example {
  /// Reads one line of a suite.
  ///
  /// - Parameters:
  ///   - folder: the directory that media paths are relative to.
  ///   - place: the file and line, for errors.
  /// - Throws: `badData` when the line is not an example, has no answer, or names a medium that is not there.
  init(json: [UInt8], folder: String, place: String) throws {
    let line = try JSONValue(parsing: json, name: place)
    let id = try Self.text("id", in: line, place)
    let skill = try Self.text("skill", in: line, place)
    let task = line["task"]?.string ?? skill
    // The answer of an example is its last turn; what comes before is the prompt.
    var turns = try Self.turns(line, folder: folder, place: place)
    var answerParts: [PromptPart] = []
    if let last = turns.last, last.speaker == .assistant {
      answerParts = last.parts
      turns.removeLast()
    }
    guard turns.last?.speaker == .user else {
      throw SpudError(.badData, "\(place): example '\(id)' has no turn of the user to answer")
    }
    let written = answerParts.compactMap { part in
      if case .text(let text) = part { text } else { nil as String? }
    }.joined(separator: " ")
    let accept = try Self.texts("accept", in: line, place)
    guard let answer = [line["answer"]?.string ?? "", written, accept.first ?? ""].first(where: { !$0.isEmpty }) else {
      throw SpudError(.badData, "\(place): example '\(id)' of the task '\(task)' has no answer")
    }
    let descriptions = line["descriptions"] ?? .null
    self.init(
      id: id, skill: skill, task: task, turns: turns, answer: answer, accept: accept.isEmpty ? [answer] : accept,
      output: Self.output(of: answerParts), imageDescriptions: try Self.texts("image", in: descriptions, place),
      soundDescriptions: try Self.texts("audio", in: descriptions, place))
    for part in turns.media {
      guard let path = part.path, FileManager.default.fileExists(atPath: path) else {
        throw SpudError(.badData, "\(place): example '\(id)' names \(part.path ?? ""), which is not there")
      }
    }
  }

  private static func turns(_ line: JSONValue, folder: String, place: String) throws -> [PromptTurn] {
    guard let turns = line["turns"]?.array else {
      throw SpudError(.badData, "\(place): 'turns' should be a list, but it is \(line["turns"]?.kind ?? "missing")")
    }
    return try turns.map { turn in
      guard let name = turn["role"]?.string, let speaker = PromptTurn.Speaker(rawValue: name) else {
        throw SpudError(
          .badData, "\(place): a turn's 'role' should be user or assistant, but it is \(turn["role"]?.string ?? "missing")")
      }
      guard let parts = turn["parts"]?.array else {
        throw SpudError(
          .badData, "\(place): a turn's 'parts' should be a list, but it is \(turn["parts"]?.kind ?? "missing")")
      }
      return PromptTurn(speaker, try parts.map { try part($0, folder: folder, place: place) })
    }
  }

  private static func part(_ part: JSONValue, folder: String, place: String) throws -> PromptPart {
    let members = part.object?.members ?? []
    guard members.count == 1, let member = members.first, let value = member.value.string else {
      throw SpudError(
        .badData, "\(place): a part should hold one text, thought, image, audio or video, but it holds \(members.count)")
    }
    switch member.key {
    case "text": return .text(value)
    case "thought": return .thought(value)
    case "image": return .image(path: try path(value, folder, place))
    case "audio": return .audio(path: try path(value, folder, place))
    case "video": return .video(path: try path(value, folder, place))
    default:
      throw SpudError(
        .badData, "\(place): a part should hold text, thought, image, audio or video, but it holds '\(member.key)'")
    }
  }

  /// Media stay below the suite's directory: a suite from elsewhere must not read other files.
  private static func path(_ relative: String, _ folder: String, _ place: String) throws -> String {
    guard !relative.hasPrefix("/"), !relative.split(separator: "/").contains(".."), !relative.contains("\u{0}") else {
      throw SpudError(.badData, "\(place): the path \(relative) leaves the suite's directory")
    }
    return folder.isEmpty ? relative : folder + "/" + relative
  }

  private static func text(_ key: String, in line: JSONValue, _ place: String) throws -> String {
    guard let text = line[key]?.string, !text.isEmpty else {
      throw SpudError(.badData, "\(place): '\(key)' should be a text, but it is \(line[key]?.kind ?? "missing")")
    }
    return text
  }

  /// A list of texts, or one text; none when the key is not there.
  private static func texts(_ key: String, in value: JSONValue, _ place: String) throws -> [String] {
    guard let found = value[key], !found.isNull else { return [] }
    if let text = found.string { return [text] }
    let texts = found.array?.compactMap(\.string)
    guard let texts, texts.count == found.array?.count else {
      throw SpudError(.badData, "\(place): '\(key)' should be a list of texts, but it is \(found.kind)")
    }
    return texts
  }

  private static func output(of parts: [PromptPart]) -> Question.Output {
    for part in parts {
      switch part {
      case .image: return .image
      case .audio: return .audio
      case .text, .thought, .video, .frame, .soundtrack: continue
      }
    }
    return .text
  }
}
