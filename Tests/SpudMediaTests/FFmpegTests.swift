import Foundation
import SpudErrors
import SpudMedia
import Testing

@Suite("What only ffmpeg reads")
struct FFmpegTests {
  static let isInstalled = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg") }

  @Test("without ffmpeg, the error names the package", arguments: ["picture.gif", "tone.m4a", "silent.mp4"])
  func missing(name: String) throws {
    var limits = MediaLimits.default
    limits.programSearchPath = "/nonexistent:relative"
    let error = #expect(throws: SpudError.self) {
      switch name {
      case "picture.gif": _ = try RGBImage.load(path: Fixture.path(name), limits: limits)
      case "tone.m4a": _ = try Waveform.load(path: Fixture.path(name), limits: limits)
      default: _ = try VideoClip.load(path: Fixture.path(name), limits: limits)
      }
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("apt install ffmpeg") == true)
  }

  @Test("a video gives its frames by time, and sound that starts with them", .enabled(if: isInstalled))
  func video() throws {
    let clip = try VideoClip.load(path: Fixture.path("sounding.mp4"))
    #expect(clip.framesPerSecond == 4 && clip.frames.count == 8)
    let colours: [[Int]] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]
    for (index, frame) in clip.frames.enumerated() {
      #expect(frame.width == 48 && frame.height == 32)
      let centre = frame.pixels[(16 * 48 + 24) * 3..<(16 * 48 + 25) * 3].map(Int.init)
      #expect(zip(centre, colours[index / 2]).allSatisfy { abs($0 - $1) < 12 }, "frame \(index): \(centre)")
    }
    let samples = try #require(clip.audio).samples
    #expect(abs(samples.count - 32_000) < 2_048)
    // The tone starts after one second.
    #expect(samples[..<15_000].allSatisfy { abs($0) < 0.05 })
    #expect(samples[17_000..<31_000].contains { $0 > 0.4 })
  }

  @Test("a video without sound has none", .enabled(if: isInstalled))
  func silentVideo() throws {
    #expect(try VideoClip.load(path: Fixture.path("silent.mp4")).audio == nil)
  }

  @Test("more frames than the limit are thinned evenly", .enabled(if: isInstalled))
  func thinning() throws {
    var limits = MediaLimits.default
    limits.videoFrames = 3
    let clip = try VideoClip.load(path: Fixture.path("silent.mp4"), limits: limits)
    #expect(clip.frames.count == 2 && clip.framesPerSecond == 1)
  }

  @Test("a long video is refused, and a large frame is reduced", .enabled(if: isInstalled))
  func videoLimits() throws {
    var limits = MediaLimits.default
    limits.videoFrameSide = 24
    let reduced = try VideoClip.load(path: Fixture.path("silent.mp4"), limits: limits)
    #expect(reduced.frames.allSatisfy { $0.width == 24 && $0.height == 16 })
    limits.videoSeconds = 1
    expectBadData("seconds") { try VideoClip.load(path: Fixture.path("silent.mp4"), limits: limits) }
    limits = .default
    limits.imagePixels = 48 * 32 - 1
    expectBadData("ffmpeg") { try VideoClip.load(path: Fixture.path("silent.mp4"), limits: limits) }
  }

  @Test("compressed sound is decoded", .enabled(if: isInstalled))
  func compressedSound() throws {
    let sound = try Waveform.load(path: Fixture.path("tone.m4a"))
    #expect(sound.sampleRate == 16_000 && abs(sound.duration - 2) < 0.15)
  }

  @Test("text, noise and cut files are refused with the file's name", .enabled(if: isInstalled))
  func refusals() throws {
    try Sample.withDirectory { directory in
      let path = "\(directory)/notes.txt"
      try Data("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n".utf8).write(to: URL(fileURLWithPath: path))
      expectBadData("notes.txt") { try RGBImage.load(path: path) }
      expectBadData("notes.txt") { try Waveform.load(path: path) }
      expectBadData("notes.txt") { try VideoClip.load(path: path) }
      let cut = try Fixture.bytes("sounding.mp4").prefix(3_000)
      try Data(cut).write(to: URL(fileURLWithPath: path))
      expectBadData("notes.txt") { try VideoClip.load(path: path) }
    }
  }

  /// Limits under which a program in `Fixtures` stands in for ffmpeg.
  private func limits(with standIn: String) -> MediaLimits {
    var limits = MediaLimits.default
    limits.programSearchPath = Fixture.path(standIn)
    limits.imageDecodingSeconds = 0.3
    limits.audioSeconds = 1
    return limits
  }

  @Test("a program that never ends is ended")
  func deadline() {
    let start = ContinuousClock.now
    expectBadData("within the 0.3 seconds") {
      try RGBImage.load(path: Fixture.path("picture.gif"), limits: limits(with: "hanging"))
    }
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test("a program that writes without end is ended")
  func flood() {
    expectBadData("bytes accepted") {
      try Waveform.load(path: Fixture.path("tone.m4a"), limits: limits(with: "flooding"))
    }
  }

  @Test("the limit on processor time warns a second before it kills")
  func processorTime() {
    expectBadData("'cpu 2 to 3'") {
      try RGBImage.load(path: Fixture.path("picture.gif"), limits: limits(with: "limited"))
    }
  }

  @Test("a temporary directory that is full keeps no half of a copy")
  func fullDirectory() async {
    await #expect(processExitsWith: .success) {
      try Sample.withDirectory { directory in
        var limits = MediaLimits.default
        limits.programSearchPath = Fixture.path("failing")
        let path = Fixture.path("picture.gif")
        // Files may grow to 100 bytes, and growing further is an error, as on a full disk.
        signal(SIGXFSZ, SIG_IGN)
        var most = rlimit(rlim_cur: 100, rlim_max: 100)
        // SAFETY: `most` is a local value, read by the call.
        let failure = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &most)
        #expect(failure == 0)
        // SAFETY: both strings are copied by the call, and no other thread reads the environment now.
        unsafe setenv("TMPDIR", directory, 1)
        let error = #expect(throws: SpudError.self) { try RGBImage.load(path: path, limits: limits) }
        #expect(error?.code == .io)
        let left = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(left.isEmpty)
      }
    }
  }

  @Test("a program that fails is quoted")
  func failure() {
    expectBadData("'a reason'") {
      try RGBImage.load(path: Fixture.path("picture.gif"), limits: limits(with: "failing"))
    }
  }
}

/// Expects `badData` whose sentence contains `part`.
func expectBadData<Result>(
  _ part: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) {
  do {
    _ = try body()
    Issue.record("expected an error", sourceLocation: sourceLocation)
  } catch let error as SpudError {
    #expect(error.code == .badData, "\(error)", sourceLocation: sourceLocation)
    #expect(error.message.contains(part), "\(error)", sourceLocation: sourceLocation)
  } catch {
    Issue.record("expected a SpudError, found \(error)", sourceLocation: sourceLocation)
  }
}
