import Foundation
import SpudMedia
import Testing

@Suite("Sound agrees with soundfile, scipy and transformers")
struct SoundParityTests {
  struct LogMelGolden: Decodable {
    var normalized, logarithms: Data
  }

  static let recordings = [
    "mono16.wav", "mono24.wav", "unsigned8.wav", "float.wav", "ulaw.wav", "mono.flac", "mono.ogg", "mono.mp3",
    "stereo44100.wav", "stereo44100.flac", "mono8000.wav",
  ]

  @Test("every format, downmixed and resampled", arguments: recordings)
  func recording(name: String) throws {
    let goldens = try Fixture.decode([String: Data].self, from: "sounds.json")
    let expected = Fixture.floats(try #require(goldens[name]))
    let found = try Waveform.load(path: Fixture.path(name))
    #expect(found.sampleRate == 16_000)
    let difference = Difference(found.samples, expected)
    // Resamplers differ in how steeply they cut; the sound has nothing near the edge.
    let tolerance = name.contains("000") || name.contains("100") ? 2e-4 : name.contains("mp3") ? 1e-5 : 1e-6
    #expect(difference.largest <= tolerance, "\(difference)")
  }

  @Test(
    "log-mel spectrograms, as WhisperFeatureExtractor scales them, to 1e-4",
    arguments: ["speech", "noisy-chord", "loud-tone", "click", "silence", "shorter-than-a-frame"])
  func logMel(name: String) throws {
    let golden = try #require(try Fixture.decode([String: LogMelGolden].self, from: "log-mel.json")[name])
    let sound = try Waveform.load(path: Fixture.path("\(name).wav"))
    let logarithms = LogMel.spectrogram(sound.samples)
    #expect(logarithms.count == sound.samples.count / 160 * 80)
    let normalized = Difference(LogMel.whisperNormalized(logarithms), Fixture.floats(golden.normalized))
    #expect(normalized.largest <= 1e-4, "\(normalized)")

    // Unscaled, for what is not more than 80 dB below the loudest: further down a Fourier transform in single
    // precision leaves its own noise, and Whisper's scaling looks no further either.
    let expected = Fixture.floats(golden.logarithms)
    let faintest = (expected.max() ?? 0) - 8
    let pairs = zip(logarithms, expected).filter { $0.1 >= faintest }
    let plain = Difference(pairs.map(\.0), pairs.map(\.1))
    #expect(plain.largest <= 4e-4, "\(plain)")
  }
}
