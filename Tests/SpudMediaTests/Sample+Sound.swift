import Foundation

extension Sample {
  enum Form: CaseIterable { case int16, int24, float }

  /// A WAV file whose channels hold a tone of 440 Hz, of heights that rise to 0.4.
  static func wav(frames: Int, rate: Int, channels: Int, form: Form = .int16) -> [UInt8] {
    let width = [Form.int16: 2, .int24: 3, .float: 4][form] ?? 2
    var sound: [UInt8] = []
    for frame in 0..<frames {
      let tone = Float(0.4 * sin(2 * .pi * 440 * Double(frame) / Double(rate)))
      for channel in 1...channels {
        let value = tone * Float(channel) / Float(channels)
        switch form {
        case .int16: sound += little(Int(value * 32_767), 2)
        case .int24: sound += little(Int(value * 8_388_607), 3)
        case .float: sound += little(Int(value.bitPattern), 4)
        }
      }
    }
    let format =
      little(form == .float ? 3 : 1, 2) + little(channels, 2) + little(rate, 4) + little(rate * channels * width, 4)
      + little(channels * width, 2) + little(8 * width, 2)
    let content =
      Array("WAVEfmt ".utf8) + little(16, 4) + format + Array("data".utf8) + little(sound.count, 4) + sound
      + (sound.count % 2 == 1 ? [0] : [])
    return Array("RIFF".utf8) + little(content.count, 4) + content
  }

  /// A file of 16-bit sound at 16 kHz: "au", "aiff" or "caf".
  static func bigEndian(_ kind: String, frames: Int) -> [UInt8] {
    let sound = (0..<frames).flatMap { big(Int(9_000 * sin(2 * .pi * 440 * Double($0) / 16_000)), 2) }
    switch kind {
    case "au":
      return Array(".snd".utf8) + big(24, 4) + big(sound.count, 4) + big(3, 4) + big(16_000, 4) + big(1, 4) + sound
    case "aiff":
      // 16 kHz as an 80-bit float.
      let rate: [UInt8] = [0x40, 0x0C, 0xFA, 0, 0, 0, 0, 0, 0, 0]
      let common = Array("COMM".utf8) + big(18, 4) + big(1, 2) + big(frames, 4) + big(16, 2) + rate
      let data = Array("SSND".utf8) + big(sound.count + 8, 4) + big(0, 8) + sound
      return Array("FORM".utf8) + big(4 + common.count + data.count, 4) + Array("AIFF".utf8) + common + data
    default:
      let rate = big(Int(Double(16_000).bitPattern), 8)
      let format = rate + Array("lpcm".utf8) + big(0, 4) + big(2, 4) + big(1, 4) + big(1, 4) + big(16, 4)
      let data = Array("data".utf8) + big(sound.count + 4, 8) + big(0, 4) + sound
      return Array("caff".utf8) + big(1, 2) + big(0, 2) + Array("desc".utf8) + big(format.count, 8) + format + data
    }
  }

  private static func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func big(_ value: Int, _ width: Int) -> [UInt8] { little(value, width).reversed() }
}
