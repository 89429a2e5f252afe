import Foundation
import SpudErrors
import SpudTensors
import Testing

@testable import SpudMedia

@Suite("An archive")
struct ZipArchiveTests {
  /// Files made by Python's `zipfile`, and damaged: `Scripts/goldens/fuzz_corpus.py`.
  private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Corpus/zip").path

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch let error as SpudError {
      return error.code == .badData ? error.message : "\(error.code): \(error.message)"
    } catch {
      return "\(error)"
    }
  }

  @Test("of another program gives its members' bytes by their names")
  func reads() throws {
    let archive = try ZipArchive(path: Self.corpus + "/stored.zip")
    #expect(try archive.names() == ["000/000000.png", "000/clip/1.png", "é"])
    #expect(try archive.bytes(of: "000/000000.png", limit: 9) == Array("a picture".utf8))
    #expect(try archive.bytes(of: "000/clip/1.png", limit: 0) == [])
    #expect(try archive.bytes(of: "é", limit: 100)?.count == 64)
    #expect(try archive.bytes(of: "000", limit: 100) == nil)
    #expect(message { _ = try archive.bytes(of: "000/000000.png", limit: 8) }.contains("9 bytes, but at most 8"))
  }

  @Test(
    "that is damaged or compressed is refused with what is wrong",
    arguments: [
      ("cut", "no end of a central directory"), ("size", "do not fit"), ("start", "do not fit"),
      ("members", "member 4 of 65534"), ("deflated", "'a' is compressed"),
    ])
  func refuses(name: String, says: String) {
    let found = message {
      let archive = try ZipArchive(path: "\(Self.corpus)/\(name).zip")
      _ = try archive.bytes(of: "a", limit: 100)
    }
    #expect(found.contains(says) && found.contains("\(name).zip"), "\(found)")
  }

  @Test("whose member has other bytes than its checksum says is refused")
  func checksum() throws {
    var bytes = try Array(Data(contentsOf: URL(filePath: Self.corpus + "/stored.zip")))
    let at = try #require(bytes.firstIndex(of: UInt8(ascii: "p")))
    let picture = try #require(bytes[at...].firstRange(of: Array("a picture".utf8))?.lowerBound)
    bytes[picture] ^= 1
    let archive = try ZipArchive(MappedFile(copying: bytes, name: "changed.zip"))
    #expect(message { _ = try archive.bytes(of: "000/000000.png", limit: 100) }.contains("is damaged"))
  }

  @Test("stands for the directory of its name: pictures, sounds and clips are read as if they were there")
  func standsForDirectory() throws {
    let picture = Sample.noise(width: 9, height: 7)
    let frames = (0..<3).map { Sample.noise(width: 8, height: 6, seed: UInt64($0)) }
    try Sample.withDirectory { directory in
      let sound = "\(directory)/a.wav"
      try Sample.chord(seconds: 0.1).writeWAV(to: sound)
      let heard = try Array(Data(contentsOf: URL(filePath: sound)))
      var members = [("000/a.png", try picture.pngData()), ("000/a.wav", heard), ("000/b.clip/audio.wav", heard)]
      for (number, frame) in frames.enumerated() {
        members.append(("000/b.clip/\(number).png", try frame.pngData()))
      }
      members.append(("000/b.clip/video.json", Array(#"{"frames_per_second": 2}"#.utf8)))
      try Data(StoredZip.bytes(members)).write(to: URL(filePath: "\(directory)/see.zip"))
      #expect(try RGBImage.load(path: "\(directory)/see/000/a.png") == picture)
      #expect(try Waveform.load(path: "\(directory)/see/000/a.wav") == Waveform.load(path: sound))
      let clip = try VideoClip.load(path: "\(directory)/see/000/b.clip")
      #expect(try clip == VideoClip(frames: frames, framesPerSecond: 2, audio: Waveform.load(path: sound)))

      var catalog = MediaCatalog()
      for path in ["see", "see/000", "see/000/a.png", "see/000/b.clip", "see/000/b.clip/0.png"] {
        #expect(try catalog.file(holding: "\(directory)/\(path)") == "\(directory)/see.zip", "\(path)")
      }
      #expect(try catalog.file(holding: sound) == sound)
      for path in ["see/000/c.png", "see/00", "hear/000/a.png"] {
        #expect(try catalog.file(holding: "\(directory)/\(path)") == nil, "\(path)")
        #expect(throws: SpudError.self) { try RGBImage.load(path: "\(directory)/\(path)") }
      }
      // A directory that is there comes before the archive of its name.
      try FileManager.default.createDirectory(
        atPath: "\(directory)/see/000", withIntermediateDirectories: true)
      try frames[0].writePNG(to: "\(directory)/see/000/a.png")
      #expect(try RGBImage.load(path: "\(directory)/see/000/a.png") == frames[0])
    }
  }
}

/// Writes archives as `Scripts/training/pack_media.py` does.
enum StoredZip {
  static func bytes(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let about =
        little(20, 2) + little(0, 8) + little(checksum(bytes), 4) + little(bytes.count, 4) + little(bytes.count, 4)
        + little(name.utf8.count, 2) + little(0, 2)
      directory += little(0x0201_4B50, 4) + little(20, 2) + about + little(0, 10) + little(file.count, 4) + name.utf8
      file += little(0x0403_4B50, 4) + about + name.utf8 + bytes
    }
    return file + directory + little(0x0605_4B50, 4) + little(0, 4) + little(members.count, 2)
      + little(members.count, 2) + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  private static func checksum(_ bytes: [UInt8]) -> Int {
    var value = UInt32.max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return Int(~value)
  }
}
