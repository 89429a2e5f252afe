package import SpudTokens

/// The words that pass between the modules of a pipeline.
package struct PipelinePrompts: Sendable, Hashable, Codable {
  /// Asks the vision module for everything that a later question may need.
  package var describeImage: String
  /// Asks the vision module for one frame of a video: what is where, so that movement can be told from two of them.
  package var describeFrame: String
  /// Asks the hearing module for what was said or heard.
  package var describeSound: String

  package init(
    describeImage: String = "describe the picture.", describeFrame: String = "describe the frame.",
    describeSound: String = "describe the sound."
  ) {
    self.describeImage = describeImage
    self.describeFrame = describeFrame
    self.describeSound = describeSound
  }

  /// What the module that gets `part` is asked.
  package func request(for part: PromptPart) -> String {
    switch part {
    case .frame: describeFrame
    case .image, .video, .text, .thought: describeImage
    case .audio, .soundtrack: describeSound
    }
  }

  /// The text that replaces `part` in the language module's prompt.
  package func sentence(for part: PromptPart, description: String) -> String {
    switch part {
    case .frame(_, let number): "frame \(number): \(description)\n"
    case .image, .video: "picture: \(description)\n"
    case .audio, .soundtrack: "sound: \(description)\n"
    case .text, .thought: description
    }
  }
}
