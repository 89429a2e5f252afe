public import SpudMedia

/// One part of a turn, as people know it.
public enum StreamPart: Sendable, Equatable {
  case text(String)
  case image(RGBImage)
  case audio(Waveform)
  case video(VideoClip)
  case thought(String)
  /// In a turn of the assistant.
  case call(ToolCall)
  /// In a turn of a tool.
  case result(ToolResult)

  public var kind: PartKind {
    switch self {
    case .text: .text
    case .image: .image
    case .audio: .audio
    case .video: .video
    case .thought: .thought
    case .call: .call
    case .result: .result
    }
  }
}

/// What one speaker says, shows or plays before the other's turn.
public struct StreamTurn: Sendable, Equatable {
  public var role: Role
  public var parts: [StreamPart]

  public init(_ role: Role, _ parts: [StreamPart]) {
    self.role = role
    self.parts = parts
  }
}

/// Where one part lies in a stream.
public struct StreamSpan: Sendable, Equatable {
  public let kind: PartKind
  public let role: Role
  /// Positions of the part's ids, its marks included.
  public let range: Range<Int>

  public init(kind: PartKind, role: Role, range: Range<Int>) {
    self.kind = kind
    self.role = role
    self.range = range
  }
}

/// Ids in the order that the model reads them, and what lies where.
public struct TokenStream: Sendable, Equatable {
  public internal(set) var ids: [Int32] = []
  public internal(set) var spans: [StreamSpan] = []

  public init() {}

  /// How many ids are of each modality.
  public func counts(in vocabulary: Vocabulary) -> [Modality: Int] {
    ids.reduce(into: [:]) { counts, id in
      if let modality = vocabulary.modality(of: id) { counts[modality, default: 0] += 1 }
    }
  }
}
