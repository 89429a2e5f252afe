internal import Foundation
internal import SpudErrors
internal import SpudPipeline

extension Example {
  private struct Line: Decodable {
    struct Turn: Decodable {
      var role: PromptTurn.Speaker
      var parts: [Part]
    }

    struct Part: Decodable {
      var text: String?
      var thought: String?
      var image: String?
      var audio: String?
      var video: String?
    }

    /// A description for each medium of a kind: one text, or a list of them.
    struct Texts: Decodable {
      var texts: [String]

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        texts = (try? [container.decode(String.self)]) ?? []
        if texts.isEmpty { texts = try container.decode([String].self) }
      }
    }

    struct Descriptions: Decodable {
      var image: Texts?
      var audio: Texts?
    }

    var id: String
    var skill: String
    var task: String?
    var turns: [Turn]
    var answer: String?
    var accept: [String]?
    var descriptions: Descriptions?
  }

  /// Reads one line of a suite.
  ///
  /// - Parameters:
  ///   - folder: the directory that media paths are relative to.
  ///   - place: the file and line, for errors.
  /// - Throws: `badData` when the line is not an example, has no answer, or names a medium that is not there.
  init(json: Data, folder: String, place: String) throws {
    let line: Line
    do {
      line = try JSONDecoder().decode(Line.self, from: json)
    } catch {
      throw SpudError(.badData, "\(place): \(Self.sentence(for: error))")
    }
    // The answer of an example is its last turn; what comes before is the prompt.
    var turns = try line.turns.map { turn in
      PromptTurn(turn.role, try turn.parts.map { try Self.part($0, folder: folder, place: place) })
    }
    var answerParts: [PromptPart] = []
    if let last = turns.last, last.speaker == .assistant {
      answerParts = last.parts
      turns.removeLast()
    }
    guard turns.last?.speaker == .user else {
      throw SpudError(.badData, "\(place): example '\(line.id)' has no turn of the user to answer")
    }
    let written = answerParts.compactMap { part in
      if case .text(let text) = part { text } else { nil as String? }
    }.joined(separator: " ")
    let answer = line.answer ?? (written.isEmpty ? line.accept?.first : written)
    guard let answer, !(answer.isEmpty && (line.accept ?? []).isEmpty) else {
      throw SpudError(
        .badData, "\(place): example '\(line.id)' of the task '\(line.task ?? line.skill)' has no answer")
    }
    self.init(
      id: line.id, skill: line.skill, task: line.task ?? line.skill, turns: turns, answer: answer,
      accept: line.accept.map { $0.isEmpty ? [answer] : $0 }, output: Self.output(of: answerParts),
      imageDescriptions: line.descriptions?.image?.texts ?? [],
      soundDescriptions: line.descriptions?.audio?.texts ?? [])
    for part in turns.media {
      guard let path = part.path, FileManager.default.fileExists(atPath: path) else {
        throw SpudError(.badData, "\(place): example '\(line.id)' names \(part.path ?? ""), which is not there")
      }
    }
  }

  private static func part(_ part: Line.Part, folder: String, place: String) throws -> PromptPart {
    let found = [
      part.text.map { PromptPart.text($0) }, part.thought.map { PromptPart.thought($0) },
      part.image.map { PromptPart.image(path: folder + "/" + $0) },
      part.audio.map { PromptPart.audio(path: folder + "/" + $0) },
      part.video.map { PromptPart.video(path: folder + "/" + $0) },
    ].compactMap { $0 }
    guard let only = found.first, found.count == 1 else {
      throw SpudError(
        .badData, "\(place): a part should hold one of text, thought, image, audio and video, but it holds \(found.count)")
    }
    if let path = only.path, path.split(separator: "/").contains("..") {
      throw SpudError(.badData, "\(place): the path \(path) leaves the suite's directory")
    }
    return only
  }

  private static func output(of parts: [PromptPart]) -> Request.Output {
    for part in parts {
      switch part {
      case .image: return .image
      case .audio: return .audio
      case .text, .thought, .video, .frame, .soundtrack: continue
      }
    }
    return .text
  }

  private static func sentence(for error: any Error) -> String {
    func name(_ path: [any CodingKey]) -> String {
      path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      let path = name(context.codingPath)
      return "the key '\(key.stringValue)' is missing\(path.isEmpty ? "" : " in \(path)")"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "'\(name(context.codingPath))' is of the wrong type"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "'\(name(context.codingPath))' holds a value that is not known"
    default:
      return "this is not a JSON object"
    }
  }
}
