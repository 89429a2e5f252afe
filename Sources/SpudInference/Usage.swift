/// Tokens read and written for one answer.
public struct Usage: Sendable, Hashable, Codable {
  /// Text and control tokens of the prompt.
  public var text: Int
  /// Picture tokens of the prompt: the codes alone, as everywhere below.
  public var image: Int
  /// Sound tokens of the prompt.
  public var audio: Int
  /// Of all these, those that the session's cache held already, so that they were not read again.
  public var cached: Int
  /// Of those, the ones that came from a memory on the disk.
  public var restored = 0
  /// Tokens that the model wrote, the one that ended the answer included.
  public var output: Int

  public init(text: Int = 0, image: Int = 0, audio: Int = 0, cached: Int = 0, output: Int = 0) {
    self.text = text
    self.image = image
    self.audio = audio
    self.cached = cached
    self.output = output
  }

  /// Tokens of the prompt.
  public var input: Int { text + image + audio }
  /// Tokens that the model computed: read and not cached, or written.
  public var computed: Int { input - cached + output }

  public static func + (left: Usage, right: Usage) -> Usage {
    var sum = Usage(
      text: left.text + right.text, image: left.image + right.image, audio: left.audio + right.audio,
      cached: left.cached + right.cached, output: left.output + right.output)
    sum.restored = left.restored + right.restored
    return sum
  }
}
