/// One piece of a turn, in the order of the stream. Media are paths: they are decoded inside of the time
/// that is measured, in every system alike.
package enum PromptPart: Sendable, Hashable, Codable {
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
  package var path: String? {
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
package struct PromptTurn: Sendable, Hashable, Codable {
  package enum Speaker: String, Sendable, Hashable, Codable {
    case user
    case assistant
  }

  package var speaker: Speaker
  package var parts: [PromptPart]

  package init(_ speaker: Speaker, _ parts: [PromptPart]) {
    self.speaker = speaker
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
