internal import SpudInference
internal import SpudMedia
package import SpudTokens
internal import Synchronization

/// The baseline: media become text, and a language module answers from the text alone.
///
/// Built to be hard to beat: modules stay loaded; a description is made once and kept for every later question about
/// the same file; the frames of a video are described all at once; vision and hearing can work side by side; and the
/// language module keeps its own cache of the prompt.
package final class Pipeline: Responder {
  private let vision: any Responder
  private let hearing: any Responder
  private let language: any Responder
  private let prompts: PipelinePrompts
  private let media: MediaStore
  private let isParallel: Bool
  private let stopwatch: Stopwatch
  private let known = Mutex<[PromptPart: String]>([:])

  /// - Parameters:
  ///   - isParallel: whether vision and hearing work at the same time; they must then be different models.
  ///   - media: what the modules decode their files with, so that a film's frames are decoded once.
  package init(
    vision: any Responder, hearing: any Responder, language: any Responder, prompts: PipelinePrompts,
    media: MediaStore, isParallel: Bool, stopwatch: Stopwatch = .continuous
  ) {
    self.vision = vision
    self.hearing = hearing
    self.language = language
    self.prompts = prompts
    self.media = media
    self.isParallel = isParallel
    self.stopwatch = stopwatch
  }

  package func forget() async {
    known.withLock { $0.removeAll() }
    media.forget()
    await vision.forget()
    await hearing.forget()
    await language.forget()
  }

  package func respond(to question: Question) async throws -> Reply {
    let start = stopwatch.now()
    let pieces = try pieces(of: question.turns)
    let described = try await describe(pieces.flatMap(\.parts), from: start)
    let descriptions = known.withLock { $0 }
    let translated = try translate(question, descriptions: descriptions)
    let languageStart = stopwatch.now() - start
    var reply = try await language.respond(to: translated)
    reply.shift(by: languageStart, module: "language")
    reply.stages = described.stages + reply.stages
    reply.usage = described.usage + reply.usage
    reply.descriptions = pieces.flatMap(\.parts).compactMap { descriptions[$0] }
    return reply
  }

  package func respond(toAll questions: [Question]) async throws -> [Reply] {
    let parts = try questions.map { try pieces(of: $0.turns).flatMap(\.parts) }
    var seen: Set<PromptPart> = []
    let missing = known.withLock { known in
      parts.joined().filter { known[$0] == nil && seen.insert($0).inserted }
    }
    var usage: [PromptPart: Usage] = [:]
    for (module, parts) in [(vision, missing.filter(\.isSeen)), (hearing, missing.filter { !$0.isSeen })] {
      let replies = parts.isEmpty ? [] : try await module.respond(toAll: parts.map(request))
      known.withLock { known in
        for (part, reply) in zip(parts, replies) { known[part] = reply.text }
      }
      for (part, reply) in zip(parts, replies) { usage[part] = reply.usage }
    }
    let descriptions = known.withLock { $0 }
    let translated = try questions.map { try translate($0, descriptions: descriptions) }
    return zip(parts, try await language.respond(toAll: translated)).map { parts, reply in
      var reply = reply
      reply.usage = parts.reduce(reply.usage) { $0 + (usage[$1] ?? Usage()) }
      reply.descriptions = parts.compactMap { descriptions[$0] }
      return reply
    }
  }

  // MARK: - From media to text

  /// Ids that a description may take: twice what the longest of the world takes, so that a module that does not come to
  /// an end neither stands for the whole time nor fills the language module's context.
  private static let descriptionLimit = 96

  private func request(for part: PromptPart) -> Question {
    Question(
      turns: [PromptTurn(.user, [part, .text(prompts.request(for: part))])], maximumTokens: Self.descriptionLimit)
  }

  private func translate(_ question: Question, descriptions: [PromptPart: String]) throws -> Question {
    var translated = question
    translated.turns = try question.turns.map { turn in
      PromptTurn(turn.role, try turn.parts.map { try text(for: $0, descriptions: descriptions) })
    }
    return translated
  }

  /// A medium of the prompt with what the modules can take of it: a film falls into frames and its sound.
  private struct Piece {
    var medium: PromptPart
    var parts: [PromptPart]
  }

  private func pieces(of turns: [PromptTurn]) throws -> [Piece] {
    try turns.media.map { Piece(medium: $0, parts: try parts(of: $0)) }
  }

  private func parts(of medium: PromptPart) throws -> [PromptPart] {
    guard case .video(let path) = medium else { return [medium] }
    let film = try media.film(at: path)
    var parts = film.frames.indices.map { PromptPart.frame(path: path, number: $0 + 1) }
    if film.audio != nil { parts.append(.soundtrack(path: path)) }
    return parts
  }

  private struct Described: Sendable {
    var usage = Usage()
    var stages: [Stage] = []
  }

  /// Describes whatever has no description yet.
  private func describe(_ parts: [PromptPart], from start: Double) async throws -> Described {
    let missing = known.withLock { known in parts.filter { known[$0] == nil } }
    let seen = missing.filter(\.isSeen)
    let heard = missing.filter { !$0.isSeen }
    guard isParallel, !seen.isEmpty, !heard.isEmpty else {
      var described = try await describe(seen, by: vision, module: "vision", from: start)
      let sounds = try await describe(heard, by: hearing, module: "hearing", from: start)
      described.usage = described.usage + sounds.usage
      described.stages += sounds.stages
      return described
    }
    async let pictures = describe(seen, by: vision, module: "vision", from: start)
    async let sounds = describe(heard, by: hearing, module: "hearing", from: start)
    let (first, second) = try await (pictures, sounds)
    return Described(usage: first.usage + second.usage, stages: first.stages + second.stages)
  }

  // `@concurrent`: two of these run at the same time when the pipeline is parallel.
  @concurrent
  private func describe(
    _ parts: [PromptPart], by module: any Responder, module name: String, from start: Double
  ) async throws -> Described {
    guard !parts.isEmpty else { return Described() }
    let offset = stopwatch.now() - start
    // The frames of a film all at once, as the runtime can; one alone keeps its session.
    var replies =
      parts.count == 1
      ? [try await module.respond(to: request(for: parts[0]))] : try await module.respond(toAll: parts.map(request))
    for index in replies.indices { replies[index].shift(by: offset, module: name) }
    known.withLock { known in
      for (part, reply) in zip(parts, replies) { known[part] = reply.text }
    }
    return Described(usage: replies.reduce(Usage()) { $0 + $1.usage }, stages: replies[0].stages)
  }

  private func text(for part: PromptPart, descriptions: [PromptPart: String]) throws -> PromptPart {
    switch part {
    case .text, .thought:
      return part
    case .image, .audio, .video, .frame, .soundtrack:
      let pieces = try parts(of: part)
      return .text(
        pieces.map { prompts.sentence(for: $0, description: descriptions[$0] ?? "") }.joined())
    }
  }
}

extension Reply {
  /// Moves the times by `seconds` and names the module that worked.
  mutating func shift(by seconds: Double, module: String) {
    firstToken += seconds
    total += seconds
    stages = stages.map {
      Stage(module: module, work: $0.work, start: $0.start + seconds, end: $0.end + seconds)
    }
  }
}
