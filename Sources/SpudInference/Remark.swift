package import SpudMedia
public import SpudTokens

/// Something about an answer that whoever asked should be told: the answer alone does not show it.
public enum Remark: Sendable, Equatable {
  /// The oldest turns of the conversation, which has so many tokens as a whole, were not read, because the context has
  /// no room for them.
  case leftOut(turns: Int, tokens: Int)
  /// The model knows no system's turns: what they say was put before the user's text.
  case systemFolded
  /// The context has room for fewer tokens of an answer than it may have.
  case littleRoom(tokens: Int, of: Int)
  /// A thought was ended at its budget of tokens, though the model would have gone on.
  case thoughtCut(tokens: Int)
  /// The answer was ended after the most tokens that it may have, though the model would have gone on.
  case cut(tokens: Int)
  /// The answer was ended where the context is full.
  case contextFull(tokens: Int)
  /// A picture, a sound or a video was begun and not finished, so it is no part of the answer.
  case unfinished(PartKind)
  /// Something that was remembered could not be used, and why; what it held was read again.
  case memory(String)
  /// There are no words, no pictures and no sounds in the answer.
  case empty
  /// A picture shows nothing, or a sound is silent.
  case blank(PartKind)

  /// What kind of remark it is, for programs: the same word in every release.
  public var kind: String {
    switch self {
    case .leftOut: "left_out"
    case .systemFolded: "system_folded"
    case .littleRoom: "little_room"
    case .thoughtCut: "thought_cut"
    case .cut: "cut"
    case .contextFull: "context_full"
    case .unfinished: "unfinished"
    case .memory: "memory"
    case .empty: "empty"
    case .blank: "blank"
    }
  }
}

extension Remark: CustomStringConvertible {
  /// The remark in a sentence, without what could be done about it: that depends on who asks.
  public var description: String {
    switch self {
    case .leftOut(let turns, _):
      "the context is full: the oldest \(turns == 1 ? "turn" : "\(turns) turns") of the conversation had to be left out"
    case .systemFolded: "this model knows no system prompt, so its text was put before the user's"
    case .littleRoom(let tokens, let most):
      "the context has room for an answer of \(tokens) tokens only, not \(most)"
    case .thoughtCut(let tokens): "the thought was cut at its limit of \(tokens) tokens"
    case .cut(let tokens): "the answer was cut at its limit of \(tokens) tokens"
    case .contextFull(let tokens): "the answer was cut after \(tokens) tokens, because the context is full"
    case .unfinished(let kind): "\(kind.withArticle) was begun but not finished, so it is left out"
    case .memory(let what): what
    case .empty: "the answer is empty"
    case .blank(.audio): "there is nothing, or hardly anything, to hear in the sound"
    case .blank(let kind): "\(kind.withArticle.replacing("a ", with: "the ", maxReplacements: 1)) is blank"
    }
  }
}

extension PartKind {
  /// As a sentence names it: `a picture`.
  package var withArticle: String {
    switch self {
    case .text: "a text"
    case .image: "a picture"
    case .audio: "a sound"
    case .video: "a video"
    case .thought: "a thought"
    case .call: "a call"
    case .result: "a call's result"
    }
  }
}

extension Remark {
  /// What a finished answer's own parts give reason to remark.
  static func all(on parts: [StreamPart]) -> [Remark] {
    var remarks: [Remark] = []
    for part in parts {
      switch part {
      case .image(let image) where image.isBlank: remarks.append(.blank(.image))
      case .audio(let sound) where sound.isSilent: remarks.append(.blank(.audio))
      case .video(let clip) where clip.frames.allSatisfy(\.isBlank) && clip.audio?.isSilent ?? true:
        remarks.append(.blank(.video))
      default: break
      }
    }
    let isEmpty = parts.allSatisfy { part in
      switch part {
      case .text(let words): words.allSatisfy(\.isWhitespace)
      case .thought: true
      case .image, .audio, .video, .call, .result: false
      }
    }
    if isEmpty { remarks.append(.empty) }
    return remarks
  }
}

extension RGBImage {
  /// Whether there is nothing to see: no channel of any pixel is far from the mean of that channel.
  ///
  /// A codec blurs, so that a blank page is not of one colour exactly.
  package var isBlank: Bool {
    let far = 24
    return (0..<3).allSatisfy { channel in
      let values = stride(from: channel, to: pixels.count, by: 3).lazy.map { Int(pixels[$0]) }
      let mean = values.reduce(0, +) / (width * height)
      return values.allSatisfy { abs($0 - mean) <= far }
    }
  }
}

extension Waveform {
  /// Whether there is nothing to hear: less than 150 ms in which anything is louder than −40 dB, which is shorter than
  /// any word.
  package var isSilent: Bool {
    let step = max(1, sampleRate / 100)
    let loud = stride(from: 0, to: samples.count, by: step).count { start in
      samples[start..<min(start + step, samples.count)].contains { abs($0) > 0.01 }
    }
    return loud < 15
  }
}
