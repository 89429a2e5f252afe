/// What a sampler asks of the stream that it continues.
public struct StreamPolicy: Sendable, Equatable {
  /// What an answer is made of.
  public enum Output: String, Sendable, CaseIterable {
    /// As the model likes.
    case any
    /// Text only.
    case text
    /// Exactly one picture.
    case image
    /// Exactly one sound.
    case audio
  }

  public var output: Output = .any
  /// Ids that a thought may hold: `nil` leaves thinking to the model, 0 forbids it, and any other number opens a
  /// thought at once and closes it after this number of ids at the latest.
  public var thinking: Int?
  /// Ids that all thoughts of a turn may hold together, where thinking is left to the model.
  public var thoughtLimit = Int.max
  /// Heights and widths of generated pictures, in patches.
  public var imageSides: ClosedRange<Int> = 1...16
  /// With `.any`, no picture is begun unless this number of codes still fits.
  public var imageRoom = 64
  /// With `.any`, no sound is begun unless this number of frames still fits.
  public var audioRoom = 10
  /// Frames that a generated sound holds.
  public var audioFrames: ClosedRange<Int> = 1...250
  /// Whether `.any` may open a video.
  public var mayShowVideo = false

  public init() {}

  /// Everything that the grammar accepts.
  public static let unrestricted: StreamPolicy = {
    var policy = StreamPolicy()
    policy.imageSides = 1...ImageCodec.longestSide
    policy.imageRoom = 0
    policy.audioRoom = 0
    policy.audioFrames = 0...Int.max
    policy.mayShowVideo = true
    return policy
  }()
}

/// A set of ids: a few ranges, ascending and apart.
public struct AllowedIDs: Sendable, Equatable {
  public private(set) var ranges: [Range<Int32>] = []

  public var isEmpty: Bool { ranges.isEmpty }
  public var count: Int { ranges.reduce(0) { $0 + $1.count } }

  public func contains(_ id: Int32) -> Bool { ranges.contains { $0.contains(id) } }

  mutating func insert(_ id: Int32) { insert(id..<id + 1) }

  mutating func insert(_ range: Range<Int32>) {
    guard !range.isEmpty else { return }
    ranges.append(range)
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var merged: [Range<Int32>] = []
    for next in ranges {
      if let last = merged.last, next.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, next.upperBound)
      } else {
        merged.append(next)
      }
    }
    ranges = merged
  }

  /// Sets the logit of every id outside the set to minus infinity.
  ///
  /// - Parameter logits: `[vocabulary]`; a checkpoint's rows beyond the vocabulary are padding and are masked too.
  /// - Complexity: O(`logits.count`), writes only; no allocation.
  public func mask(_ logits: inout [Float]) {
    var next = 0
    for range in ranges {
      let first = min(Int(range.lowerBound), logits.count)
      for index in next..<max(next, first) { logits[index] = -.infinity }
      next = max(next, min(Int(range.upperBound), logits.count))
    }
    for index in next..<logits.count { logits[index] = -.infinity }
  }
}

extension StreamGrammar {
  /// The ids that may come next, if at most `remaining` ids may still be generated, the next one included.
  ///
  /// Residual codes are for pictures that are given, never for ones that are drawn.
  ///
  /// Whatever is chosen from the set, the turn can still be closed with `<end>` within what remains: a picture is not
  /// begun, sized or continued unless its codes, its end and the turn's end fit. Never empty where `remaining` is at
  /// least 1 and the last turn is open; a sampler stops when `isComplete`.
  public func allowed(remaining: Int = .max) -> AllowedIDs {
    var ids = AllowedIDs()
    switch state {
    case .start: ids.insert(vocabulary.id(of: .begin))
    case .betweenTurns:
      ids.insert(vocabulary.id(of: .user))
      ids.insert(vocabulary.id(of: .assistant))
    case .turn: allowParts(&ids, remaining)
    case .imageHeight:
      // The height itself, the width, the codes at the least width, </image> and what the turn still needs.
      allowSizes(&ids) { 2 + $0 * least + 1 + afterSpan <= remaining }
    case .imageWidth(let height): allowSizes(&ids) { 1 + height * $0 + 1 + afterSpan <= remaining }
    case .imageCodes(0): ids.insert(vocabulary.id(of: .imageEnd))
    case .imageResiduals: ids.insert(vocabulary.residual)
    case .imageBegin, .imageCodes, .videoCodes: ids.insert(vocabulary.image)
    case .audio(0): allowFrame(&ids, remaining)
    case .audio(let level),
      .videoFrame(_, let level, _) where level > 0:
      ids.insert(vocabulary.audioCodes(ofLevel: level))
    case .videoNumber(_, let pieces):
      if pieces < Self.longestNumber { ids.insert(vocabulary.text) }
      if pieces > 0 { ids.insert(vocabulary.image) }
    case .videoHeight, .videoWidth: allowSizes(&ids) { _ in true }
    case .videoFrame(let area, _, let mayHear):
      ids.insert(vocabulary.id(of: .videoEnd))
      if 1 + Self.longestNumber + area + 1 + afterSpan <= remaining { ids.insert(vocabulary.id(of: .frame)) }
      if mayHear, levels + 1 + afterSpan <= remaining, audioFrames < policy.audioFrames.upperBound {
        ids.insert(vocabulary.audioCodes(ofLevel: 0))
      }
    case .thought:
      ids.insert(vocabulary.id(of: .thinkEnd))
      if thoughtLength < thoughtBudget, 2 + afterThought <= remaining { ids.insert(vocabulary.text) }
    }
    return ids
  }

  private var levels: Int { vocabulary.audioLevels }
  private var least: Int { policy.imageSides.lowerBound }

  /// Ids that a turn's thoughts may hold together.
  private var thoughtBudget: Int { policy.thinking ?? policy.thoughtLimit }

  /// Ids of the smallest picture and sound that the policy asks for, with their marks.
  private var leastImage: Int { 4 + least * least }
  private var leastAudio: Int { 2 + max(1, policy.audioFrames.lowerBound) * levels }

  /// Ids that the turn needs once the open media span is closed: `<end>`.
  private var afterSpan: Int { 1 }

  /// Ids that the turn needs once thinking is over.
  private var afterThought: Int {
    guard closedSpans == 0 else { return 1 }
    return switch policy.output {
    case .any, .text: 1
    case .image: leastImage + 1
    case .audio: leastAudio + 1
    }
  }

  private func allowParts(_ ids: inout AllowedIDs, _ remaining: Int) {
    if let budget = policy.thinking, budget > 0, thoughtCount == 0, 2 + afterThought <= remaining {
      ids.insert(vocabulary.id(of: .think))
      return
    }
    if policy.thinking == nil, thoughtLength < thoughtBudget, 2 + afterThought <= remaining, mayAddParts {
      ids.insert(vocabulary.id(of: .think))
    }
    switch policy.output {
    case .any:
      if remaining >= 2 { ids.insert(vocabulary.text) }
      let image = max(leastImage, 4 + policy.imageRoom)
      if image + 1 <= remaining { ids.insert(vocabulary.id(of: .image)) }
      let audio = max(2 + policy.audioFrames.lowerBound * levels, 2 + policy.audioRoom * levels)
      if audio + 1 <= remaining { ids.insert(vocabulary.id(of: .audio)) }
      if policy.mayShowVideo, 5 <= remaining { ids.insert(vocabulary.id(of: .video)) }
    case .text:
      if remaining >= 2 { ids.insert(vocabulary.text) }
    case .image:
      if mayAddParts, leastImage + 1 <= remaining {
        ids.insert(vocabulary.id(of: .image))
        return
      }
    case .audio:
      if mayAddParts, leastAudio + 1 <= remaining {
        ids.insert(vocabulary.id(of: .audio))
        return
      }
    }
    ids.insert(vocabulary.id(of: .end))
  }

  /// False once a forced picture or sound is there: nothing but `<end>` follows.
  private var mayAddParts: Bool {
    switch policy.output {
    case .any, .text: true
    case .image, .audio: closedSpans == 0
    }
  }

  /// Sizes from the policy's least upward while they fit; the least in any case, so that the set is never empty.
  private func allowSizes(_ ids: inout AllowedIDs, fits: (Int) -> Bool) {
    let most = min(policy.imageSides.upperBound, vocabulary.sizes.count)
    var last = least
    while last < most, fits(last + 1) { last += 1 }
    guard let first = vocabulary.id(ofSize: min(least, vocabulary.sizes.count)) else { return }
    ids.insert(first..<first + Int32(max(0, last - least) + 1))
  }

  private func allowFrame(_ ids: inout AllowedIDs, _ remaining: Int) {
    let least = policy.output == .audio ? max(1, policy.audioFrames.lowerBound) : policy.audioFrames.lowerBound
    let mayGoOn = audioFrames < policy.audioFrames.upperBound && levels + 1 + afterSpan <= remaining
    if mayGoOn { ids.insert(vocabulary.audioCodes(ofLevel: 0)) }
    if audioFrames >= least || !mayGoOn { ids.insert(vocabulary.id(of: .audioEnd)) }
  }
}
