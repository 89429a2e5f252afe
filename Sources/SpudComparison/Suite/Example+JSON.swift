internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMedia
internal import SpudTensors
internal import SpudTokens

extension Example {
  /// One line of a suite, whose last turn is the answer.
  ///
  /// - Parameters:
  ///   - place: the file and line, for errors.
  ///   - catalog: says which media are there.
  /// - Throws: `badData` when the line has no answer, or names a medium that is not there.
  init(_ stored: SpudTokens.Example, place: String, catalog: inout MediaCatalog) throws {
    let line = stored.json
    let id = try Self.text("id", in: line, place)
    let skill = try Self.text("skill", in: line, place)
    let task = line["task"]?.string ?? skill
    var turns = stored.turns
    var answerParts: [PromptPart] = []
    if let last = turns.last, last.role == .assistant {
      answerParts = last.parts
      turns.removeLast()
    }
    guard turns.last?.role == .user else {
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
      output: Self.output(of: answerParts), reference: answerParts.first { $0.path != nil },
      imageDescriptions: try Self.texts("image", in: descriptions, place),
      soundDescriptions: try Self.texts("audio", in: descriptions, place),
      filmDescriptions: try Self.films(in: descriptions, place))
    for part in turns.media + [reference].compactMap({ $0 }) {
      guard let path = part.path, try catalog.file(holding: path) != nil else {
        throw SpudError(.badData, "\(place): example '\(id)' names \(part.path ?? ""), which is not there")
      }
    }
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

  /// A list of lists of texts: one per video, with one per frame.
  private static func films(in value: JSONValue, _ place: String) throws -> [[String]] {
    guard let found = value["video"], !found.isNull else { return [] }
    let films = found.array?.compactMap { film -> [String]? in
      let texts = film.array?.compactMap(\.string)
      return texts?.count == film.array?.count ? texts : nil
    }
    guard let films, films.count == found.array?.count else {
      throw SpudError(.badData, "\(place): 'video' should be a list of lists of texts, one text a frame")
    }
    return films
  }

  private static func output(of parts: [PromptPart]) -> GenerationOptions.Output {
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
