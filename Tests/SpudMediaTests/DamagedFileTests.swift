import Foundation
import SpudErrors
import SpudMedia
import Testing

@Suite("Damaged files end as errors, never as crashes")
struct DamagedFileTests {
  static let pictures = [
    "rgb.png", "palette-transparent.png", "gray16.png", "baseline.jpg", "progressive.jpg", "cmyk.jpg",
    "orientation-6.jpg",
  ]
  static let sounds = ["mono16.wav", "float.wav", "mono.flac", "mono.ogg", "mono.mp3", "stereo44100.wav"]

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

  @Test("cut at each byte", arguments: pictures + sounds)
  func truncated(name: String) throws {
    let bytes = try Fixture.bytes(name)
    #expect(decode(bytes, like: name))
    // Every byte of the header, then a sample of the rest. The end marker of a JPEG (2 bytes), and the last
    // checksums and the end chunk of a PNG (20), hold none of the picture.
    let lengths = Array(0..<min(600, bytes.count)) + stride(from: 600, to: bytes.count, by: 97)
    for length in lengths where length < bytes.count - 20 {
      #expect(!decode(Array(bytes.prefix(length)), like: name), "\(length) of \(bytes.count) bytes")
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

  @Test("stray bytes between the markers of a JPEG that is otherwise whole do no harm")
  func strayBytes() throws {
    let bytes = try Fixture.bytes("baseline.jpg")
    let padded = bytes.dropLast(2) + [0, 0] + bytes.suffix(2)
    #expect(try RGBImage.decode(Array(padded), name: "x") == RGBImage.decode(bytes, name: "x"))
  }

  @Test("a WAV that announces more sound than it holds, unless the length says that it was not known")
  func wavLengths() throws {
    let bytes = try Fixture.bytes("mono16.wav")
    func withLength(_ length: UInt32) -> [UInt8] {
      var changed = bytes
      changed.replaceSubrange(40..<44, with: (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) })
      return changed
    }
    expectBadData("cut short: only 0.25 of the 0.50 seconds announced") {
      try Waveform.decode(withLength(16_000), name: "x")
    }
    expectBadData("of the 33554.43 seconds announced") { try Waveform.decode(withLength(1 << 30), name: "x") }
    for length: UInt32 in [0, 0x7FFF_F000, 1 << 31, .max] {
      #expect(try Waveform.decode(withLength(length), name: "x").samples.count == 4_000)
    }
    // A chunk of no sound, before another, is a recording of nothing.
    let empty = withLength(0)[..<44] + Array("LIST".utf8) + [4, 0, 0, 0, 1, 2, 3, 4]
    expectBadData("no sound") { try Waveform.decode(Array(empty), name: "x") }
  }

  /// CRC-32 as PNG defines it.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }
}
