import Foundation
import SpudErrors
import SpudMedia
import Testing

@Suite("Missing, wrong and oversized files end as one clear sentence")
struct BadFileTests {
  @Test("a missing file, and a directory in place of one, are no input", arguments: ["", "/nowhere.png"])
  func missing(suffix: String) throws {
    try Sample.withDirectory { directory in
      let path = directory + suffix
      for load: () throws -> Void in [{ _ = try RGBImage.load(path: path) }, { _ = try Waveform.load(path: path) }] {
        let error = #expect(throws: SpudError.self) { try load() }
        #expect(error?.code == .noInput)
        #expect(error?.message.hasPrefix(path) == true)
      }
      let error = #expect(throws: SpudError.self) { try VideoClip.load(path: directory + "/nowhere") }
      #expect(error?.code == .noInput)
    }
  }

  @Test("an empty file is named")
  func empty() throws {
    try Sample.withDirectory { directory in
      let path = "\(directory)/empty.png"
      try Data().write(to: URL(fileURLWithPath: path))
      expectBadData("empty.png: the file is empty") { try RGBImage.load(path: path) }
      expectBadData("empty.png: the file is empty") { try Waveform.load(path: path) }
    }
    expectBadData("empty") { try RGBImage.decode([], name: "nothing") }
    expectBadData("empty") { try Waveform.decode([], name: "nothing") }
  }

  @Test("encoded files beyond the limit are not read")
  func encodedLimits() throws {
    var limits = MediaLimits.default
    (limits.imageBytes, limits.audioBytes, limits.videoBytes) = (100, 100, 100)
    expectBadData("at most 100") { try RGBImage.load(path: Fixture.path("rgb.png"), limits: limits) }
    expectBadData("at most 100") { try Waveform.load(path: Fixture.path("mono16.wav"), limits: limits) }
    expectBadData("at most 100") { try VideoClip.load(path: Fixture.path("silent.mp4"), limits: limits) }
    expectBadData("at most 100") { try RGBImage.decode(Fixture.bytes("rgb.png"), name: "x", limits: limits) }
    expectBadData("at most 100") { try Waveform.decode(Fixture.bytes("mono16.wav"), name: "x", limits: limits) }
  }

  @Test("an endless pipe is read to the limit, not further")
  func endless() {
    var limits = MediaLimits.default
    limits.imageBytes = 1 << 20
    expectBadData("/dev/zero") { try RGBImage.load(path: "/dev/zero", limits: limits) }
  }

  @Test("pictures beyond the limit are refused by their header", arguments: ["rgb.png", "baseline.jpg"])
  func pictureLimits(name: String) {
    var limits = MediaLimits.default
    limits.imageSide = 32
    expectBadData("33×21, but sides of 1 to 32") { try RGBImage.load(path: Fixture.path(name), limits: limits) }
    limits = .default
    limits.imagePixels = 33 * 21 - 1
    expectBadData("at most 692 pixels") { try RGBImage.load(path: Fixture.path(name), limits: limits) }
    limits.imagePixels = 33 * 21
    #expect(throws: Never.self) { try RGBImage.load(path: Fixture.path(name), limits: limits) }
  }

  @Test("long, multichannel, fast and unreal sound is refused")
  func soundLimits() throws {
    var limits = MediaLimits.default
    limits.audioSeconds = 0.2
    for name in ["mono16.wav", "mono.flac", "mono.ogg", "mono.mp3"] {
      expectBadData("longer than the 0.2 seconds") { try Waveform.load(path: Fixture.path(name), limits: limits) }
    }
    limits = .default
    limits.audioChannels = 1
    expectBadData("2 channels") { try Waveform.load(path: Fixture.path("stereo44100.wav"), limits: limits) }
    limits.audioRates = 8_000...16_000
    expectBadData("44100 Hz") { try Waveform.load(path: Fixture.path("stereo44100.flac"), limits: limits) }

    var bytes = try Fixture.bytes("float.wav")
    bytes.replaceSubrange(bytes.count - 40..<bytes.count - 36, with: [0, 0, 0xC0, 0x7F])
    expectBadData("not a finite number") { try Waveform.decode(bytes, name: "nan.wav") }
  }

  @Test("a failed write leaves nothing behind, and an old file as it was")
  func writing() throws {
    let image = Sample.noise(width: 4, height: 4)
    try Sample.withDirectory { directory in
      let error = #expect(throws: SpudError.self) { try image.writePNG(to: "\(directory)/missing/a.png") }
      #expect(error?.code == .io)
      let overDirectory = #expect(throws: SpudError.self) { try image.writePNG(to: directory) }
      #expect(overDirectory?.code == .io)
      let left = try FileManager.default.contentsOfDirectory(atPath: directory)
      #expect(left.isEmpty)
    }
  }

  @Test("writing follows a symbolic link")
  func links() throws {
    let image = Sample.noise(width: 4, height: 4)
    try Sample.withDirectory { directory in
      try Data("old".utf8).write(to: URL(fileURLWithPath: "\(directory)/target.png"))
      try FileManager.default.createSymbolicLink(atPath: "\(directory)/link.png", withDestinationPath: "target.png")
      try image.writePNG(to: "\(directory)/link.png")
      #expect(try RGBImage.load(path: "\(directory)/target.png") == image)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["link.png", "target.png"])
    }
  }

  @Test("a clip that is not one is refused")
  func clips() throws {
    try Sample.withDirectory { directory in
      expectBadData("no .png frames") { try VideoClip.load(path: directory) }
      for index in 0..<3 { try Sample.noise(width: 8, height: 8).writePNG(to: "\(directory)/\(index).png") }
      for text in ["", "{", "[4]", #"{"frames_per_second": "4"}"#, String(repeating: "[", count: 10_000)] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/video.json"))
        expectBadData("video.json") { try VideoClip.load(path: directory) }
      }
      for rate in ["0", "-1", "1e9", "1e-9"] {
        try Data("{\"frames_per_second\": \(rate)}".utf8).write(to: URL(fileURLWithPath: "\(directory)/video.json"))
        expectBadData("'frames_per_second'") { try VideoClip.load(path: directory) }
      }
      try FileManager.default.removeItem(atPath: "\(directory)/video.json")

      var limits = MediaLimits.default
      limits.videoFrames = 2
      limits.videoFrameSide = 4
      let thinned = try VideoClip.load(path: directory, limits: limits)
      #expect(thinned.frames.count == 2 && thinned.framesPerSecond == 2)
      #expect(thinned.frames.allSatisfy { $0.width == 4 && $0.height == 4 })
      // Each of the frames fits, but not both.
      limits.videoBytes = FileManager.default.contents(atPath: "\(directory)/0.png").map(\.count) ?? 0
      expectBadData("2.png: the frames up to this one") { try VideoClip.load(path: directory, limits: limits) }
      limits.videoBytes = MediaLimits.default.videoBytes
      limits.videoSeconds = 0.5
      expectBadData("0.5 seconds") { try VideoClip.load(path: directory, limits: limits) }
      try Sample.noise(width: 8, height: 9).writePNG(to: "\(directory)/2.png")
      expectBadData("2.png: the frame is 8×9, expected 8×8") { try VideoClip.load(path: directory) }
      try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(directory)/1.png"))
      #expect(throws: SpudError.self) { try VideoClip.load(path: directory) }
    }
  }
}
