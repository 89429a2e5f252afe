/// How a sound is sent.
package enum SoundFormat: String, Sendable, Equatable {
  /// A WAV file: 16 bits, one channel.
  case wav
  /// Samples alone: 16 bits, little-endian, one channel, 24,000 a second.
  case pcm

  /// Samples a second of `pcm`, which is what clients expect.
  package static let pcmRate = 24_000

  /// - Throws: `APIError`, naming the field.
  init(_ fields: FieldReader, field: String) throws {
    switch try fields.string(field) {
    case nil, "wav": self = .wav
    case "pcm", "pcm16": self = .pcm
    case .some(let name): throw fields.fail(field, "is '\(name.prefix(40))', but must be one of wav, pcm, pcm16")
    }
  }

  package var contentType: String { self == .wav ? "audio/wav" : "audio/pcm" }
}
