public import SpudMedia
public import SpudTokens

/// Why an answer stopped where it did.
public enum FinishReason: String, Sendable, CaseIterable {
  /// The model ended it.
  case end
  /// It reached the greatest number of tokens, or the end of the context.
  case length
  /// It was asked to stop.
  case interrupted
  /// It came to one of the texts at which it was to end.
  case stop
  /// It calls functions, and waits for what they give back.
  case calls
}

/// How long the steps of one answer took.
public struct Timings: Sendable, Equatable {
  /// Reading and packing the model's weights; the same for every answer of one model.
  public var load = Duration.zero
  /// From parts to tokens.
  public var tokenize = Duration.zero
  /// Reading the prompt.
  public var prefill = Duration.zero
  /// From the request to the first token.
  public var firstToken = Duration.zero
  /// From the first token to the last.
  public var decode = Duration.zero
  /// Tokens that came within `decode`: all but the first.
  public var decodedTokens = 0
  /// Tokens that were guessed from what repeats and checked together, and those of them that were right.
  public var guessedTokens = 0
  public var acceptedTokens = 0
  /// Bytes of the model's files that were read while this was answered: experts that were not in memory.
  public var fileBytes = 0

  public init() {}

  /// Tokens a second after the first; 0 when there was no second one.
  public var decodeTokensPerSecond: Double {
    decode > .zero ? Double(decodedTokens) / decode.milliseconds * 1e3 : 0
  }
}

/// What a model answered, whole.
public struct Answer: Sendable {
  /// The answer as people know it: text, pictures, sounds and thoughts, in order. A picture or a sound that was
  /// not finished is left out.
  public var parts: [StreamPart] = []
  /// The ids that the model generated, the one that ended the answer included.
  public var tokens: [Int32] = []
  public var finish = FinishReason.end
  /// The text at which the answer ended, where `finish` is `.stop`.
  public var stop: String?
  public var usage = Usage()
  public var timings = Timings()
  /// What whoever asked should be told about it; nothing where all is well.
  public var remarks: [Remark] = []

  /// The words of the answer, thoughts left out.
  public var text: String {
    parts.reduce(into: "") { text, part in
      if case .text(let words) = part { text += words }
    }
  }

  /// What the model thought before it answered.
  public var thought: String {
    parts.reduce(into: "") { text, part in
      if case .thought(let words) = part { text += words }
    }
  }
}

extension Answer {
  /// The functions that the answer calls.
  public var calls: [ToolCall] {
    parts.compactMap { part in
      if case .call(let call) = part { call } else { nil }
    }
  }
}

/// One id of an answer, with what chose it.
public struct GeneratedToken: Sendable, Equatable {
  public var id: Int32
  /// What it stands for; a part of a character, perhaps.
  public var bytes: [UInt8]
  /// What kind of id it is; nil for a model of text only.
  public var modality: Modality?
  /// The natural logarithm of its probability before any sampling, and of the likeliest ids' with them.
  public var logprob: Float?
  public var alternatives: [Alternative] = []
  /// The experts that the position was sent to from which it was chosen, layers without any left out:
  /// `[layer][choice]`.
  public var experts: [[UInt16]] = []

  public struct Alternative: Sendable, Equatable {
    public var id: Int32
    public var bytes: [UInt8]
    public var logprob: Float
  }
}

/// What comes of a function's call while the model writes it; calls are counted from 0.
public enum CallPiece: Sendable, Equatable {
  case begun(index: Int, id: String, name: String)
  /// More of the JSON text of its arguments.
  case arguments(index: Int, String)
  /// A call that is not whole was cut, and is no part of the answer.
  case ended(index: Int, isWhole: Bool)
}

/// What comes out of a model while it answers.
public enum Piece: Sendable {
  /// More words; never part of a character.
  case text(String)
  /// More words of a thought; never part of a character.
  case thought(String)
  /// A picture, finished.
  case image(RGBImage)
  /// A sound, finished.
  case audio(Waveform)
  /// A video, finished.
  case video(VideoClip)
  /// More of a call.
  case call(CallPiece)
  /// An id, where `GenerationOptions.reportsTokens` or `logprobs` ask for it, before what it completes.
  case token(GeneratedToken)
  /// Something to be told before the answer begins; what there is to remark after it is in `.finished`.
  case remark(Remark)
  /// The last piece: everything at once, with why it ended and how long it took.
  case finished(Answer)
}

extension Duration {
  /// As a number of milliseconds.
  package var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15 }
}
