/// The header of an MPEG audio frame (ISO/IEC 11172-3 and 13818-3).
struct MPEGFrame {
  /// What all frames of a recording have in common: version, layer and sampling rate.
  let kind: [UInt8]
  /// 1, 2 or 3.
  let layer: Int
  /// Bytes of the frame with its header; nil if the header does not say.
  let length: Int?
  /// Samples of each channel that it decodes to.
  let sampleCount: Int
  let sampleRate: Int
  /// Bytes from the start of the frame to where a first frame of layer III may hold the length of the recording.
  let headerBytes: Int

  init?(_ bytes: [UInt8], at offset: Int) {
    guard offset >= 0, offset + 4 <= bytes.count, bytes[offset] == 0xFF, bytes[offset + 1] & 0xE0 == 0xE0 else {
      return nil
    }
    let (second, third) = (bytes[offset + 1], bytes[offset + 2])
    let (version, layer) = (Int(second >> 3 & 3), 4 - Int(second >> 1 & 3))
    let (rateIndex, sampling, padding) = (Int(third >> 4), Int(third >> 2 & 3), Int(third >> 1 & 1))
    guard version != 1, layer != 4, rateIndex != 15, sampling != 3 else { return nil }
    kind = [second & 0xFE, third & 0x0C]
    self.layer = layer
    // Version 3 is MPEG-1, 2 is MPEG-2 (half the sampling rate), 0 is MPEG-2.5 (a quarter).
    let isFirst = version == 3
    let isMono = bytes[offset + 3] >> 6 == 3
    sampleCount = layer == 1 ? 384 : layer == 3 && !isFirst ? 576 : 1_152
    sampleRate = [44_100, 48_000, 32_000][sampling] / (isFirst ? 1 : version == 2 ? 2 : 4)
    headerBytes = 4 + (isFirst ? (isMono ? 17 : 32) : isMono ? 9 : 17)
    guard rateIndex > 0 else {
      length = nil
      return
    }
    let bitRate = Self.bitRates[isFirst ? layer - 1 : layer == 1 ? 3 : 4][rateIndex - 1] * 1_000
    switch layer {
    case 1: length = (12 * bitRate / sampleRate + padding) * 4
    case 3 where !isFirst: length = 72 * bitRate / sampleRate + padding
    default: length = 144 * bitRate / sampleRate + padding
    }
  }

  /// In kilobits per second: MPEG-1 layers I, II and III, then MPEG-2 layer I, and its layers II and III.
  private static let bitRates = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ]
}
