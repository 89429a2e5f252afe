/// GPT-2's spelling of bytes as printable characters: those of `!…~`, `¡…¬` and `®…ÿ` stand for themselves, the
/// other 68 for U+0100 onwards.
enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [UInt32] = {
    var scalars: [UInt32] = []
    var next: UInt32 = 0x100
    for byte in UInt32(0)..<256 {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: scalars.append(byte)
      default:
        scalars.append(next)
        next += 1
      }
    }
    return scalars
  }()

  private static let bytes: [UInt32: UInt8] =
    Dictionary(uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })

  /// The UTF-8 form of the characters that stand for `bytes`.
  static func spelling(of bytes: some Sequence<UInt8>) -> [UInt8] {
    var spelling: [UInt8] = []
    for byte in bytes { spelling.append(scalar: scalars[Int(byte)]) }
    return spelling
  }

  /// The bytes that a spelling stands for; nil when one of its characters stands for none.
  static func bytes(of spelling: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(spelling.count)
    var index = 0
    while index < spelling.count {
      let decoded = spelling.scalar(at: index, before: spelling.count)
      guard let byte = bytes[decoded.value] else { return nil }
      result.append(byte)
      index += decoded.length
    }
    return result
  }
}
