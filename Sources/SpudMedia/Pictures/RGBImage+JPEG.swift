internal import CJPEG
import SpudErrors

extension RGBImage {
  /// What every JPEG starts with: the start-of-image marker, and the first byte of another.
  static let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]

  /// Decodes JPEG by TurboJPEG, which reports errors by value and never jumps, and turns it as EXIF says.
  ///
  /// CMYK pictures are taken as Adobe writes them, inverted, as every other decoder does. What is missing at the end is
  /// as TurboJPEG leaves it: gray, or the last colour.
  static func decodeJPEG(
    _ bytes: [UInt8], name: String, limits: MediaLimits, remarks: inout [String]
  ) throws -> RGBImage {
    let segments = JPEGSegments(bytes)
    let (image, problem) = try readJPEG(segments.isWhole ? bytes : segments.ended, name: name, limits: limits)
    if let problem, segments.isWhole {
      remarks.append("\(name): the JPEG is damaged, and shows it: TurboJPEG says '\(problem)'")
    } else if segments.isProgressive, !segments.isWhole {
      remarks.append("\(name): the JPEG is cut short: the last of its scans, which add detail, are missing")
    } else if let problem {
      let shorter = try? readJPEG(segments.shortened, name: name, limits: limits).image
      let rows = shorter.map { rowsAlike(image, $0) } ?? 0
      guard rows > 0 else { throw damaged(problem, name) }
      remarks.append("\(name): the JPEG is cut short: about \(rows) of its \(image.height) rows are there")
    }
    return image.oriented(by: ExifOrientation(jpeg: bytes))
  }

  /// How many rows from the top are the same.
  private static func rowsAlike(_ image: RGBImage, _ other: RGBImage) -> Int {
    let difference = zip(image.pixels, other.pixels).enumerated().first { $0.element.0 != $0.element.1 }
    return (difference?.offset ?? image.pixels.count) / (3 * image.width)
  }

  /// The picture as it is stored.
  ///
  /// - Returns: the problem is why it may not be as it was made.
  private static func readJPEG(
    _ bytes: [UInt8], name: String, limits: MediaLimits
  ) throws -> (image: RGBImage, problem: String?) {
    guard let decoder = unsafe tjInitDecompress() else {
      throw SpudError(.internal, "\(name): TurboJPEG could not start")
    }
    defer { unsafe tjDestroy(decoder) }

    return try unsafe bytes.withUnsafeBufferPointer { source in
      let size = UInt(source.count)
      var (width, height, subsampling, colorspace) = (Int32(0), Int32(0), Int32(0), Int32(0))
      // SAFETY: TurboJPEG reads at most `size` bytes of `source`, which outlives both calls.
      let hasHeader = unsafe tjDecompressHeader3(
        decoder, source.baseAddress, size, &width, &height, &subsampling, &colorspace)
      guard hasHeader == 0 else { throw unsafe damaged(message(of: decoder), name) }
      try checkSize(width: Int(width), height: Int(height), name: name, limits: limits)

      let isCMYK = colorspace == Int32(TJCS_CMYK.rawValue) || colorspace == Int32(TJCS_YCCK.rawValue)
      let format = isCMYK ? TJPF_CMYK : TJPF_RGB
      var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * (isCMYK ? 4 : 3))
      let done = unsafe pixels.withUnsafeMutableBufferPointer { target in
        // SAFETY: `target` is [height, width, channels] of `format`; a pitch of 0 means packed. The flag refuses
        // files of a few bytes that demand millions of progressive passes.
        unsafe tjDecompress2(
          decoder, source.baseAddress, size, target.baseAddress, width, 0, height, Int32(format.rawValue),
          Int32(TJFLAG_LIMITSCANS))
      }
      var problem: String?
      if done != 0, unsafe !isHarmless(decoder, bytes) {
        problem = unsafe message(of: decoder)
        guard unsafe tjGetErrorCode(decoder) == Int32(TJERR_WARNING.rawValue) else {
          throw damaged(problem ?? "", name)
        }
      }
      let image = RGBImage(
        width: Int(width), height: Int(height), pixels: isCMYK ? fromInvertedCMYK(pixels) : pixels)
      return (image, problem)
    }
  }

  /// Whether the decoder complained only of stray bytes between markers, which some cameras write, in a file
  /// that is whole to its last marker.
  private static func isHarmless(_ decoder: tjhandle, _ bytes: [UInt8]) -> Bool {
    guard unsafe tjGetErrorCode(decoder) == Int32(TJERR_WARNING.rawValue) else { return false }
    let tail = bytes.suffix(1_024)
    let isWhole = zip(tail, tail.dropFirst()).contains { $0 == 0xFF && $1 == 0xD9 }
    return unsafe isWhole && message(of: decoder).contains("extraneous bytes before marker")
  }

  /// `[count, 4]`, where 255 is no ink, to `[count, 3]`.
  private static func fromInvertedCMYK(_ cmyk: [UInt8]) -> [UInt8] {
    var rgb: [UInt8] = []
    rgb.reserveCapacity(cmyk.count / 4 * 3)
    for pixel in stride(from: 0, to: cmyk.count, by: 4) {
      let black = Int(cmyk[pixel + 3])
      for channel in 0..<3 { rgb.append(UInt8((Int(cmyk[pixel + channel]) * black + 127) / 255)) }
    }
    return rgb
  }

  private static func damaged(_ problem: String, _ name: String) -> SpudError {
    SpudError(.badData, "\(name): the JPEG is damaged or cut short: TurboJPEG says '\(problem)'")
  }

  private static func message(of decoder: tjhandle) -> String {
    // SAFETY: the string is terminated, lives in `decoder`, and is copied here.
    unsafe String(cString: tjGetErrorStr2(decoder))
  }
}
