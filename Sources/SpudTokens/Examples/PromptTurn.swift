/// One part of a turn, its medium named by a path: what files of examples hold, and what is asked before it is decoded.
public enum PromptPart: Sendable, Hashable {
  case text(String)
  case thought(String)
  case image(path: String)
  case audio(path: String)
  /// A directory of frames, with its sound if there is any, or a video.
  case video(path: String)
  /// One frame of a video, counted from 1: what a pipeline's vision module gets of it.
  case frame(path: String, number: Int)
  /// A video's sound: what a pipeline's hearing module gets of it.
  case soundtrack(path: String)

  /// The file or directory behind this part; nil for text.
  public var path: String? {
    switch self {
    case .text, .thought: nil
    case .image(let path), .audio(let path), .video(let path), .frame(let path, _), .soundtrack(let path): path
    }
  }

  /// Whether this part is for the eye.
  package var isSeen: Bool {
    switch self {
    case .image, .video, .frame: true
    case .text, .thought, .audio, .soundtrack: false
    }
  }
}

/// One turn of a conversation.
public struct PromptTurn: Sendable, Hashable {
  public var role: Role
  public var parts: [PromptPart]

  public init(_ role: Role, _ parts: [PromptPart]) {
    self.role = role
    self.parts = parts
  }
}

extension Array where Element == PromptTurn {
  /// The media of all turns, each once, in the order of their first appearance.
  package var media: [PromptPart] {
    var seen: Set<PromptPart> = []
    return flatMap(\.parts).filter { $0.path != nil && seen.insert($0).inserted }
  }
}
