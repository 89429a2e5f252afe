import Foundation
import SpudErrors
import SpudMedia
import Testing

@Suite("Damaged files end as errors, never as crashes")
struct DamagedFileTests {
  static let pictures = [
    "rgb.png", "palette-transparent.png", "gray16.png", "baseline.jpg", "progressive.jpg", "cmyk.jpg", "orientation-6.jpg",
  ]
  // MP3 has a test of its own: its decoder comments on damage on standard error.
  static let sounds = ["mono16.wav", "float.wav", "mono.flac", "mono.ogg", "stereo44100.wav"]

  /// Decodes without ffmpeg, so that what starts like nothing we know is `unavailable`.
  ///
  /// - Returns: whether it decoded.
  @discardableResult
  private func decode(_ bytes: [UInt8], like name: String) -> Bool {
    var limits = MediaLimits.default
    limits.programSearchPath = "/nonexistent"
    // What a changed header asks for is not the point here: small limits keep the tests quick.
    (limits.imagePixels, limits.audioSeconds) = (1 << 16, 1)
    do {
      if Self.pictures.contains(name) {
        _ = try RGBImage.decode(bytes, name: "damaged", limits: limits)
      } else {
        _ = try Waveform.decode(bytes, name: "damaged", limits: limits)
      }
      return true
    } catch let error as SpudError {
      #expect([.badData, .unavailable].contains(error.code) && error.message.hasPrefix("damaged: "), "\(error)")
    } catch {
      Issue.record("expected a SpudError, found \(error)")
    }
    return false
  }

  @Test("cut at each byte", arguments: pictures + ["mono16.wav", "float.wav", "mono.flac"])
  func truncated(name: String) throws {
    let bytes = try Fixture.bytes(name)
    #expect(decode(bytes, like: name))
    // Every byte of the header, then a sample of the rest. What follows the last marker of a JPEG (2 bytes) or the
    // last chunk of a PNG (12) holds none of the picture.
    let lengths = Array(0..<min(600, bytes.count)) + stride(from: 600, to: bytes.count, by: 97)
    for length in lengths where length < bytes.count - 12 {
      #expect(!decode(Array(bytes.prefix(length)), like: name), "\(length) of \(bytes.count) bytes")
    }
  }

  @Test("cut at each byte, in formats that have no length", arguments: ["mono.ogg", "mono.mp3"])
  func truncatedStreams(name: String) throws {
    let bytes = try Fixture.bytes(name)
    #expect(decode(bytes, like: name))
    for length in 0..<min(600, bytes.count) { decode(Array(bytes.prefix(length)), like: name) }
  }

  @Test("MP3 with bits of its first two headers flipped")
  func flippedMP3() throws {
    let bytes = try Fixture.bytes("mono.mp3")
    for place in stride(from: 0, to: 48 * 8, by: 3) {
      var changed = bytes
      changed[place / 8] ^= 1 << (place % 8)
      decode(changed, like: "mono.mp3")
    }
  }

  @Test("extreme numbers in place of any field of the header", arguments: pictures + sounds)
  func extremeFields(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let values: [UInt64] = [0, 1, 1 << 31 - 1, 1 << 31, 1 << 63 - 1, .max]
    for offset in 4..<min(72, bytes.count - 8) {
      for width in [2, 4, 8] {
        for value in values {
          let littleEndian = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
          for field in Set([littleEndian, littleEndian.reversed()]) {
            var changed = bytes
            changed.replaceSubrange(offset..<offset + width, with: field)
            decode(changed, like: name)
          }
        }
      }
    }
  }

  @Test("every bit of the header flipped", arguments: pictures + sounds)
  func flippedBits(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for offset in 0..<min(160, bytes.count) {
      for bit in 0..<8 {
        var changed = bytes
        changed[offset] ^= 1 << bit
        decode(changed, like: name)
      }
    }
  }

  @Test("a PNG whose checksum agrees with its extreme size", arguments: [0, 1, 1 << 31 - 1, 1 << 31, 1 << 32 - 1])
  func pngSizes(size: Int) throws {
    for field in [16, 20] {
      var bytes = try Fixture.bytes("rgb.png")
      bytes.replaceSubrange(field..<field + 4, with: (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) })
      let checksum = Self.checksum(bytes[12..<29])
      bytes.replaceSubrange(29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32($0))) })
      // One row or column of the real picture is a whole picture; everything else is refused.
      if !decode(bytes, like: "rgb.png") { continue }
      #expect(size == 1)
    }
  }

  @Test("a WAV that announces more sound than it holds, unless the length says that it was not known")
  func wavLengths() throws {
    let bytes = try Fixture.bytes("mono16.wav")
    func withLength(_ length: UInt32) -> [UInt8] {
      var changed = bytes
      changed.replaceSubrange(40..<44, with: (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) })
      return changed
    }
    expectBadData("found 8000 bytes of sound, expected 8001") { try Waveform.decode(withLength(8_001), name: "x") }
    expectBadData("expected 1073741824") { try Waveform.decode(withLength(1 << 30), name: "x") }
    #expect(try Waveform.decode(withLength(.max), name: "x").samples.count == 4_000)
    #expect(try Waveform.decode(withLength(0x7FFF_F000), name: "x").samples.count == 4_000)
    expectBadData("no sound") { try Waveform.decode(withLength(0), name: "x") }
  }

  /// CRC-32 as PNG defines it.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }
}
