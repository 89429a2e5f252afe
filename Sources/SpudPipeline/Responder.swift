package import SpudInference
package import SpudMedia
package import SpudTokens

/// A model that answers: what a system under test is built from. Behind it is a loaded checkpoint, or, in tests,
/// a model of known answers.
package protocol Responder: AnyObject, Sendable {
  /// Answers the last turn of `question`.
  ///
  /// - Throws: `SpudError` when a file cannot be read, or when the stream does not fit into the model's context.
  func respond(to question: Question) async throws -> Reply

  /// Answers many questions, each as if it were asked alone: the answers are those of `respond(to:)`. Where several are
  /// computed at once, the times are those of all of them.
  func respond(toAll questions: [Question]) async throws -> [Reply]

  /// Drops what earlier requests left behind (the key-value cache's prefix), so that the next one starts cold.
  func forget() async
}

extension Responder {
  package func respond(toAll questions: [Question]) async throws -> [Reply] {
    var replies: [Reply] = []
    for question in questions { replies.append(try await respond(to: question)) }
    return replies
  }
}

/// What is asked of a `Responder`. Its media are decoded inside of the time that is measured, in every system alike.
package struct Question: Sendable {
  package var turns: [PromptTurn]
  package var options: GenerationOptions

  /// - Parameters:
  ///   - maximumTokens: nil is as many as an answer of that kind can need: a thought and a long sentence, or a picture
  ///     or sound of the largest size.
  ///   - thinking: tokens that the model may think; 0 forbids it, nil leaves it to the model.
  package init(
    turns: [PromptTurn], output: GenerationOptions.Output = .text, maximumTokens: Int? = nil, thinking: Int? = nil
  ) {
    self.turns = turns
    options = GenerationOptions(
      maximumTokens: maximumTokens ?? Self.maximumTokens(of: output), output: output, thinking: thinking)
    // Designs are compared, not how often their ids happen to repeat.
    options.speculates = false
  }

  /// Tokens that an answer of that kind may take.
  package static func maximumTokens(of output: GenerationOptions.Output) -> Int { output == .text ? 256 : 512 }
}

/// A part of a request's time.
package struct Stage: Sendable, Hashable, Codable {
  /// What the time went to, in one vocabulary for all systems.
  package enum Work: String, Sendable, Codable, CaseIterable {
    /// Reading and decoding files, and turning them into tokens.
    case tokenize
    /// Reading the prompt's tokens.
    case prefill
    /// Writing tokens.
    case decode
  }

  /// The module that worked: `unified`, `vision`, `hearing` or `language`.
  package var module: String
  package var work: Work
  /// Seconds from the start of the request.
  package var start: Double
  package var end: Double

  package init(module: String, work: Work, start: Double, end: Double) {
    self.module = module
    self.work = work
    self.start = start
    self.end = end
  }

  package var seconds: Double { end - start }
}

/// What a `Responder` gave back.
package struct Reply: Sendable {
  package var text: String
  /// The text between `<think>` and `</think>`; nil when there was none.
  package var thought: String?
  /// The last picture drawn.
  package var image: RGBImage?
  /// The last sound made.
  package var audio: Waveform?
  /// The ids written.
  package var tokens: [Int32]
  /// The texts that a pipeline made of the media, in their order; none in a unified model.
  package var descriptions: [String] = []
  package var usage: Usage
  /// In seconds from the start of the request, in order.
  package var stages: [Stage]
  /// Seconds until the first token was written.
  package var firstToken: Double
  /// Seconds until the last token was written.
  package var total: Double

  package init(
    text: String, thought: String? = nil, image: RGBImage? = nil, audio: Waveform? = nil, tokens: [Int32] = [],
    usage: Usage = Usage(), stages: [Stage] = [], firstToken: Double = 0, total: Double = 0
  ) {
    self.text = text
    self.thought = thought
    self.image = image
    self.audio = audio
    self.tokens = tokens
    self.usage = usage
    self.stages = stages
    self.firstToken = firstToken
    self.total = total
  }
}
