import Foundation
import SpudErrors
import SpudMedia
import Testing

@Suite("Recordings as other programs leave them")
struct SoundCaseTests {
  /// The strength of a frequency in part of a sound, 0…1: one for a pure tone of it.
  private func strength(_ frequency: Double, in samples: some Collection<Float>) -> Double {
    var (sine, cosine, energy) = (0.0, 0.0, 0.0)
    for (index, sample) in samples.enumerated() {
      let angle = 2 * .pi * frequency * Double(index) / 16_000
      sine += Double(sample) * sin(angle)
      cosine += Double(sample) * cos(angle)
      energy += Double(sample * sample)
    }
    return (sine * sine + cosine * cosine) * 2 / (Double(samples.count) * max(energy, 1e-9))
  }

  @Test(
    "every recording of a file is heard, one after the other",
    arguments: [
      "two.mp3", "two-rates.mp3", "tags.mp3", "two.ogg", "two-rates.ogg", "two.opus", "two.flac",
    ])
  func several(name: String) throws {
    let samples = try Waveform.load(path: Fixture.path("Cases/\(name)")).samples
    // Without a header of its encoder's, an MP3 is longer by the filters' delay and the last frame.
    #expect(name == "tags.mp3" ? 8_000..<10_000 ~= samples.count : samples.count == 8_000)
    #expect(strength(440, in: samples[600..<3_400]) > 0.95)
    #expect(strength(1_760, in: samples.suffix(3_400).prefix(2_800)) > 0.95)
  }

  @Test("recordings in a row that only ffmpeg reads", .enabled(if: FFmpegTests.isInstalled))
  func severalThroughFFmpeg() throws {
    let samples = try Waveform.load(path: Fixture.path("Cases/two.aac")).samples
    #expect(samples.count >= 8_000)
    #expect(strength(440, in: samples[1_600..<3_600]) > 0.95)
    #expect(strength(1_760, in: samples[6_800..<8_800]) > 0.95)
  }

  @Test("WAV files in a row, with and without other chunks between them")
  func severalWAV() throws {
    let one = Sample.wav(frames: 1_600, rate: 16_000, channels: 1)
    let list = Array("LIST".utf8) + [4, 0, 0, 0, 1, 2, 3, 4]
    #expect(try Waveform.decode(one + one, name: "x").samples.count == 3_200)
    #expect(try Waveform.decode(one + list + one, name: "x").samples.count == 3_200)
    var limits = MediaLimits.default
    limits.audioSeconds = 0.15
    expectBadData("longer than the 0.15 seconds") { try Waveform.decode(one + one, name: "x", limits: limits) }
    limits = .default
    limits.audioRecordings = 1
    expectBadData("more than the 1 recordings") { try Waveform.decode(one + one, name: "x", limits: limits) }
  }

  @Test("an MP3 of changing bit rate is heard to its end, though nothing in it tells its length")
  func unknownLength() throws {
    let sound = try Waveform.load(path: Fixture.path("Cases/no-length.mp3"))
    #expect(abs(sound.duration - 1) < 0.1)
  }

  @Test("every number of channels is mixed down to the mean", arguments: [1, 2, 3, 4, 6, 8])
  func channels(count: Int) throws {
    for form in Sample.Form.allCases {
      let sound = try Waveform.decode(
        Sample.wav(frames: 4_800, rate: 48_000, channels: count, form: form), name: "x")
      #expect(sound.samples.count == 1_600)
      // Channel c holds a tone of height 0.4 · (c + 1) / count.
      let expected = 0.4 * Float(count + 1) / Float(2 * count)
      let found = sound.samples[200..<1_400].map(abs).max() ?? 0
      #expect(abs(found - expected) < 0.01, "\(form)")
    }
    expectBadData("9 channels") { try Waveform.decode(Sample.wav(frames: 10, rate: 48_000, channels: 9), name: "x") }
  }

  @Test("every rate is resampled", arguments: [8_000, 11_025, 44_100, 88_200, 96_000, 176_400, 192_000])
  func rates(rate: Int) throws {
    for channels in [1, 2] {
      let bytes = Sample.wav(frames: rate / 10, rate: rate, channels: channels, form: .int24)
      let sound = try Waveform.decode(bytes, name: "x")
      #expect(abs(sound.samples.count - 1_600) <= 1)
      #expect(strength(440, in: sound.samples[200..<1_400]) > 0.99)
    }
  }

  @Test("surround sound through ffmpeg is the mean of its channels too", .enabled(if: FFmpegTests.isInstalled))
  func surround() throws {
    let samples = try Waveform.load(path: Fixture.path("Cases/surround.m4a")).samples
    #expect(abs((samples[1_200..<3_200].map(abs).max() ?? 0) - 0.4) < 0.08)
    #expect(strength(440, in: samples[1_200..<3_200]) > 0.99)
  }

  @Test("the limit is on samples decoded, of all channels and recordings together")
  func sampleLimit() throws {
    var limits = MediaLimits.default
    limits.audioSamples = 3_200 * 6
    let bytes = Sample.wav(frames: 3_200, rate: 96_000, channels: 6)
    #expect(throws: Never.self) { try Waveform.decode(bytes, name: "x", limits: limits) }
    limits.audioSamples -= 1
    expectBadData("more than the 19199 samples") { try Waveform.decode(bytes, name: "x", limits: limits) }
    limits.audioSamples = 3_200 * 12 - 1
    expectBadData("samples of all channels") { try Waveform.decode(bytes + bytes, name: "x", limits: limits) }
  }

  @Test(
    "lengths that a pipe left open, by libsndfile", arguments: ["pipe.wav", "pipe-rf64.wav", "pipe.w64", "pipe.flac"])
  func pipes(name: String) throws {
    #expect(try Waveform.load(path: Fixture.path("Cases/\(name)")).samples.count == 1_600)
  }

  @Test(
    "lengths that a pipe left open, by ffmpeg", .enabled(if: FFmpegTests.isInstalled),
    arguments: [
      "pipe.aiff", "pipe.au", "pipe.caf",
    ])
  func pipesThroughFFmpeg(name: String) throws {
    #expect(try Waveform.load(path: Fixture.path("Cases/\(name)")).samples.count == 1_600)
  }

  @Test("a FLAC whose header gives no length")
  func openFLAC() throws {
    var bytes = try Fixture.bytes("mono.flac")
    // 36 bits after the bit depth, in the stream information.
    bytes[21] &= 0xF0
    bytes.replaceSubrange(22..<26, with: [0, 0, 0, 0])
    #expect(try Waveform.decode(bytes, name: "x").samples.count == 4_000)
  }

  @Test(
    "a file cut at its end is read as far as it goes, with one remark",
    arguments: [
      "mono16.wav", "Cases/pipe-rf64.wav", "Cases/two.flac", "Cases/two.mp3", "Cases/tags.mp3", "Cases/two.ogg",
    ])
  func cut(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let whole = try Waveform.decode(bytes, name: "x").samples
    // A length left open means "to the end", wherever that is.
    let isOpen = name.contains("pipe")
    var remarks: [String] = []
    let sound = try Waveform.decode(Array(bytes.prefix(bytes.count * 7 / 8)), name: "cut.x", remarks: &remarks)
    #expect(remarks.count == (isOpen ? 0 : 1) && remarks.allSatisfy { $0.hasPrefix("cut.x: the ") }, "\(remarks)")
    #expect(whole.count / 3..<whole.count ~= sound.samples.count)
  }

  @Test("a remark says how much there is of what is announced")
  func extent() throws {
    var remarks: [String] = []
    let bytes = Sample.wav(frames: 1_600, rate: 16_000, channels: 1)
    _ = try Waveform.decode(Array(bytes.prefix(44 + 1_600)), name: "a.wav", remarks: &remarks)
    #expect(remarks == ["a.wav: the WAV is cut short: only 0.05 of the 0.10 seconds announced are there"])
  }

  @Test(
    "a file cut at its end that only ffmpeg reads", .enabled(if: FFmpegTests.isInstalled),
    arguments: [
      "two.aac", "au", "aiff", "caf",
    ])
  func cutThroughFFmpeg(kind: String) throws {
    var remarks: [String] = []
    let bytes = kind == "two.aac" ? try Fixture.bytes("Cases/two.aac") : Sample.bigEndian(kind, frames: 1_600)
    let sound = try Waveform.decode(Array(bytes.prefix(bytes.count * 3 / 4 - 1)), name: "cut.x", remarks: &remarks)
    #expect(remarks.count == 1 && sound.samples.count > 1_000, "\(remarks)")
  }
}
