import Foundation
import SpudErrors
import SpudMedia
import Testing

@Suite("Videos as other programs leave them")
struct VideoCaseTests {
  @Test("a folder of frames, with what systems leave in folders")
  func strayFiles() throws {
    let frames = (0..<3).map { Sample.noise(width: 8, height: 6, seed: UInt64($0)) }
    try Sample.withDirectory { directory in
      for (index, frame) in frames.enumerated() { try frame.writePNG(to: "\(directory)/00\(index).png") }
      try Sample.chord(seconds: 0.1).writeWAV(to: "\(directory)/audio.wav")
      let clip = try VideoClip.load(path: directory)
      for name in [
        "._000.png", "._001.png", "._audio.wav", ".DS_Store", ".hidden.png", "._video.json", "Thumbs.db", "desktop.ini",
      ] {
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
      }
      #expect(try VideoClip.load(path: directory) == clip)
      #expect(clip.frames == frames && clip.audio?.samples.count == 1_600)
    }
  }

  @Test("a frame or a soundtrack that is cut is read, and named")
  func cutFrame() throws {
    try Sample.withDirectory { directory in
      for index in 0..<2 { try Sample.noise(width: 64, height: 48).writePNG(to: "\(directory)/\(index).png") }
      let frame = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/1.png"))
      try frame.prefix(frame.count / 2).write(to: URL(fileURLWithPath: "\(directory)/1.png"))
      let sound = Data(Sample.wav(frames: 1_600, rate: 16_000, channels: 1).prefix(1_000))
      try sound.write(to: URL(fileURLWithPath: "\(directory)/audio.wav"))
      var remarks: [String] = []
      let clip = try VideoClip.load(path: directory, remarks: &remarks)
      #expect(clip.frames.count == 2 && clip.audio?.samples.count == 478)
      #expect(
        remarks.count == 2 && remarks[0].contains("/1.png: the PNG") && remarks[1].contains("/audio.wav: the WAV"))
      expectBadData("1.png") { try VideoClip.load(path: directory) }
    }
  }

  @Test(
    "a file cut at its end is read as far as it goes, with one remark", .enabled(if: FFmpegTests.isInstalled),
    arguments: ["sounding.mp4", "sounding.avi", "film.gif"])
  func cut(name: String) throws {
    let bytes = try Fixture.bytes("Cases/\(name)")
    try Sample.withDirectory { directory in
      let path = "\(directory)/\(name)"
      try Data(bytes.prefix(bytes.count * 4 / 5)).write(to: URL(fileURLWithPath: path))
      var remarks: [String] = []
      let clip = try VideoClip.load(path: path, remarks: &remarks)
      #expect(!clip.frames.isEmpty)
      #expect(remarks.count == 1 && remarks[0].hasPrefix("\(path): the video is "), "\(remarks)")
      expectBadData(name) { try VideoClip.load(path: path) }
    }
  }

  @Test(
    "colours are read by the matrix and the range that the stream names", .enabled(if: FFmpegTests.isInstalled),
    arguments: ["bt709-tv.mp4", "bt709-pc.mp4", "bt601-tv.mp4", "bt601-pc.mp4"])
  func colours(name: String) throws {
    let frame = try #require(try VideoClip.load(path: Fixture.path("Cases/\(name)")).frames.first)
    for (bar, colour) in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 100, 50]].enumerated() {
      let place = (8 * 64 + bar * 16 + 8) * 3
      let found = frame.pixels[place..<place + 3].map(Int.init)
      #expect(zip(found, colour).allSatisfy { abs($0 - $1) <= 3 }, "\(found), expected \(colour)")
    }
  }
}
