public import SpudErrors

/// The kinds of part that a turn is made of.
public enum PartKind: String, Sendable, CaseIterable {
  case text, image, audio, video, thought
  /// A function's call, and what it gave back; in conversations with models of text only.
  case call, result
}

/// The stream's grammar as a machine that takes one id at a time.
///
///     stream  = <bos> turn*
///     turn    = (<user> | <assistant>) part* <end>
///     part    = text | image | audio | video | thought
///     image   = <image> height width residual{height·width}? code{height·width} </image>
///     audio   = <audio> frame* </audio>                      frame: one code per level, in order
///     video   = <video> height width (<frame> number code{height·width} frame*)* </video>   number: text, from 1
///     thought = <think> text </think>
///
/// Residual codes come before the codes that they refine: so a picture's codes are as far from what follows them
/// whether it has others or not, and each code's residual is a fixed way behind it, where attention finds it.
///
/// It serves twice: `push` checks a stream that is given, and `allowed` (in `StreamGrammar+Sampling.swift`) says which
/// ids a sampler may choose next.
public struct StreamGrammar: Sendable {
  /// What the machine expects.
  enum State: Sendable, Equatable {
    case start
    case betweenTurns
    case turn
    case imageHeight
    case imageWidth(height: Int)
    /// After a picture's size, where residual codes may come.
    case imageBegin(area: Int)
    case imageResiduals(area: Int, remaining: Int)
    case imageCodes(remaining: Int)
    case audio(level: Int)
    case videoHeight
    case videoWidth(height: Int)
    /// Between pictures; sound may follow a picture, but not open the video.
    case videoFrame(area: Int, level: Int, mayHear: Bool)
    /// After `<frame>`: text that numbers the picture, with the number of its pieces so far.
    case videoNumber(area: Int, pieces: Int)
    case videoCodes(area: Int, remaining: Int)
    case thought
  }

  /// Where a machine begins.
  public enum Beginning: Sendable {
    /// Before `<bos>`.
    case stream
    /// Inside a turn, after `<user>` or `<assistant>`.
    case turn
  }

  /// The pieces of text that may number a picture of a video.
  static let longestNumber = 4

  public let vocabulary: Vocabulary
  public let policy: StreamPolicy
  /// Ids taken so far.
  public private(set) var position = 0
  var state: State
  /// Text ids taken inside the thoughts of this turn.
  var thoughtLength = 0
  /// Thoughts closed or open in this turn.
  package internal(set) var thoughtCount = 0
  /// Sound frames taken inside the span that is open.
  var audioFrames = 0
  /// Media spans closed in this turn.
  var closedSpans = 0
  private var opened = 0

  public init(_ vocabulary: Vocabulary, beginning: Beginning = .stream, policy: StreamPolicy = .init()) {
    self.vocabulary = vocabulary
    self.policy = policy
    state = beginning == .stream ? .start : .turn
  }

  /// Whether the last turn is closed, so that the stream may end here.
  public var isComplete: Bool { state == .betweenTurns }

  /// Whether no span is open: the machine is in a turn, where text may come, or between turns.
  public var isBetweenParts: Bool { state == .turn || state == .betweenTurns }

  /// What is open, for progress and for errors.
  public var openPart: PartKind? {
    switch state {
    case .start, .betweenTurns: nil
    case .turn: .text
    case .imageHeight, .imageWidth, .imageBegin, .imageResiduals, .imageCodes: .image
    case .audio: .audio
    case .videoHeight, .videoWidth, .videoFrame, .videoNumber, .videoCodes: .video
    case .thought: .thought
    }
  }

  /// Takes the next id.
  ///
  /// - Throws: `.badData` naming the position, the id found and what was expected; the machine then stays as it was.
  public mutating func push(_ id: Int32) throws(SpudError) {
    guard let modality = vocabulary.modality(of: id) else {
      throw SpudError(
        .badData, "position \(position): id \(id) is outside the vocabulary, expected 0 to \(vocabulary.count - 1)")
    }
    guard let next = successor(of: state, id, modality) else {
      throw SpudError(
        .badData, "position \(position): found \(describe(id, modality)), expected \(expectation)\(whereOpened)")
    }
    account(for: next)
    state = next
    position += 1
  }

  /// The error of a stream that ends here; `nil` where it may end.
  public func errorAtEnd(mayEndInTurn: Bool = false) -> SpudError? {
    if isComplete || (mayEndInTurn && state == .turn) { return nil }
    return SpudError(.badData, "position \(position): the stream ends, expected \(expectation)\(whereOpened)")
  }

  /// The state after `id`, or `nil` where the grammar has no place for it.
  func successor(of state: State, _ id: Int32, _ modality: Modality) -> State? {
    switch state {
    case .start:
      return id == vocabulary.id(of: .begin) ? .betweenTurns : nil
    case .betweenTurns:
      return id == vocabulary.id(of: .user) || id == vocabulary.id(of: .assistant) ? .turn : nil
    case .turn:
      return modality == .text ? .turn : partOpened(by: id)
    case .imageHeight:
      return vocabulary.size(of: id).map { .imageWidth(height: $0) }
    case .imageWidth(let height):
      return vocabulary.size(of: id).map { .imageBegin(area: height * $0) }
    case .imageBegin(let area):
      return isCode(id) ? .imageCodes(remaining: area - 1) : afterResidual(id, area: area, remaining: area)
    case .imageResiduals(let area, let remaining):
      return afterResidual(id, area: area, remaining: remaining)
    case .imageCodes(let remaining):
      if remaining == 0 { return id == vocabulary.id(of: .imageEnd) ? .turn : nil }
      return isCode(id) ? .imageCodes(remaining: remaining - 1) : nil
    case .audio(let level):
      if level == 0, id == vocabulary.id(of: .audioEnd) { return .turn }
      return isCode(id, ofLevel: level) ? .audio(level: after(level)) : nil
    case .videoHeight:
      return vocabulary.size(of: id).map { .videoWidth(height: $0) }
    case .videoWidth(let height):
      return vocabulary.size(of: id).map { .videoFrame(area: height * $0, level: 0, mayHear: false) }
    case .videoFrame(let area, let level, let mayHear):
      if level == 0, id == vocabulary.id(of: .videoEnd) { return .turn }
      if level == 0, id == vocabulary.id(of: .frame) { return .videoNumber(area: area, pieces: 0) }
      return mayHear && isCode(id, ofLevel: level)
        ? .videoFrame(area: area, level: after(level), mayHear: true) : nil
    case .videoNumber(let area, let pieces):
      if modality == .text { return pieces < Self.longestNumber ? .videoNumber(area: area, pieces: pieces + 1) : nil }
      return isCode(id) && pieces > 0 ? afterCode(area: area, remaining: area) : nil
    case .videoCodes(let area, let remaining):
      return isCode(id) ? afterCode(area: area, remaining: remaining) : nil
    case .thought:
      if id == vocabulary.id(of: .thinkEnd) { return .turn }
      return modality == .text ? .thought : nil
    }
  }

  private func partOpened(by id: Int32) -> State? {
    switch id {
    case vocabulary.id(of: .end): .betweenTurns
    case vocabulary.id(of: .image): .imageHeight
    case vocabulary.id(of: .audio): .audio(level: 0)
    case vocabulary.id(of: .video): .videoHeight
    case vocabulary.id(of: .think): .thought
    default: nil
    }
  }

  private func afterResidual(_ id: Int32, area: Int, remaining: Int) -> State? {
    guard vocabulary.residual.contains(id) else { return nil }
    return remaining > 1 ? .imageResiduals(area: area, remaining: remaining - 1) : .imageCodes(remaining: area)
  }

  private func afterCode(area: Int, remaining: Int) -> State {
    remaining > 1 ? .videoCodes(area: area, remaining: remaining - 1) : .videoFrame(area: area, level: 0, mayHear: true)
  }

  private func isCode(_ id: Int32) -> Bool { vocabulary.image.contains(id) }

  private func isCode(_ id: Int32, ofLevel level: Int) -> Bool { vocabulary.audioCodes(ofLevel: level).contains(id) }

  private func after(_ level: Int) -> Int { (level + 1) % vocabulary.audioLevels }

  /// Keeps the counts that sampling needs, and where the open span began.
  private mutating func account(for next: State) {
    switch (state, next) {
    case (.turn, .turn), (.start, _): break
    case (.betweenTurns, _): (closedSpans, thoughtCount, thoughtLength) = (0, 0, 0)
    case (.turn, _):
      (opened, audioFrames) = (position, 0)
      if next == .thought { thoughtCount += 1 }
    case (.thought, .thought): thoughtLength += 1
    case (.thought, .turn): break
    case (_, .turn): closedSpans += 1
    case (.audio, .audio(level: 0)): audioFrames += 1
    case (.videoFrame, .videoFrame(_, level: 0, _)): audioFrames += 1
    default: break
    }
  }

  private var whereOpened: String {
    switch state {
    case .start, .betweenTurns, .turn: ""
    default: " in the \(openPart?.rawValue ?? "part") opened at position \(opened)"
    }
  }

  private func describe(_ id: Int32, _ modality: Modality) -> String {
    switch modality {
    case .text: "text id \(id)"
    case .control: "\(vocabulary.name(of: id) ?? "control") (id \(id))"
    case .image where vocabulary.residual.contains(id):
      "residual code \(id - vocabulary.residual.lowerBound) (id \(id))"
    case .image: "image code \(id - vocabulary.image.lowerBound) (id \(id))"
    case .audio: "sound code \(vocabulary.name(of: id) ?? "") (id \(id))"
    }
  }

  private var expectation: String {
    let levels = vocabulary.audioLevels
    return switch state {
    case .start: "<bos>"
    case .betweenTurns: "<user> or <assistant>"
    case .turn: "text, <image>, <audio>, <video>, <think> or <end>"
    case .imageHeight, .videoHeight: "a height, <size:1> to <size:\(vocabulary.sizes.count)>"
    case .imageWidth, .videoWidth: "a width, <size:1> to <size:\(vocabulary.sizes.count)>"
    case .imageBegin(let area):
      "\(area) \(vocabulary.residual.isEmpty ? "" : "residual or ")image code\(area == 1 ? "" : "s")"
    case .imageResiduals(_, let remaining): "\(remaining) more residual code\(remaining == 1 ? "" : "s")"
    case .imageCodes(0): "</image>"
    case .imageCodes(let remaining), .videoCodes(_, let remaining):
      "\(remaining) more image code\(remaining == 1 ? "" : "s")"
    case .audio(0): "a sound code of level 0 or </audio>"
    case .audio(let level): "a sound code of level \(level) of \(levels)"
    case .videoFrame(_, 0, false): "<frame> or </video>"
    case .videoFrame(_, 0, true): "<frame>, a sound code of level 0 or </video>"
    case .videoFrame(_, let level, _): "a sound code of level \(level) of \(levels)"
    case .videoNumber(_, 0): "the number of the frame"
    case .videoNumber(let area, let pieces):
      pieces < Self.longestNumber ? "\(area) image codes or more of the frame's number" : "\(area) image codes"
    case .thought: "text or </think>"
    }
  }
}
