internal import CPNG
import SpudErrors

extension RGBImage {
  static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Decodes PNG by libpng's simplified interface, which reports errors by value and never jumps, and turns it as EXIF
  /// says.
  ///
  /// Transparency is laid over white, in sRGB values as browsers do it. What is missing at the end is white.
  static func decodePNG(
    _ bytes: [UInt8], name: String, limits: MediaLimits, remarks: inout [String]
  ) throws -> RGBImage {
    let bytes = PNGChunks.ended(bytes)
    let first = try readPNG(bytes, filling: 255, name: name, limits: limits)
    var (pixels, channels) = (first.pixels, first.channels)
    if let problem = first.problem {
      // libpng does not say how far it came: what it wrote is what does not depend on what was there before.
      let second = try readPNG(bytes, filling: 0, name: name, limits: limits).pixels
      let rowBytes = first.width * channels
      let rows = PNGRows(first.pixels, second, rowBytes: rowBytes)
      guard rows.count > 0 else { throw damaged(problem, name) }
      pixels = rows.isInterlaced ? rows.filled(channels: channels) : pixels
      remarks.append(
        "\(name): the PNG is damaged or cut short: \(rows.isInterlaced ? "parts" : "\(rows.count)") of its "
          + "\(first.height) rows could be read, and libpng says '\(problem)'")
    }
    let image = RGBImage(
      width: first.width, height: first.height, pixels: channels == 4 ? overWhite(pixels) : pixels)
    return image.oriented(by: PNGChunks.content(of: "eXIf", in: bytes).map(ExifOrientation.init(exif:)) ?? .upright)
  }

  /// The pixels as libpng reads them.
  private struct PNGPixels {
    var width, height, channels: Int
    /// `[height, width, channels]`: RGB or RGBA.
    var pixels: [UInt8]
    /// Why not all of them could be read.
    var problem: String?
  }

  /// - Parameter value: what the pixels are that cannot be read.
  private static func readPNG(
    _ bytes: [UInt8], filling value: UInt8, name: String, limits: MediaLimits
  ) throws -> PNGPixels {
    var image = unsafe png_image()
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    // SAFETY: frees what libpng allocated for `image`, whichever way this function ends.
    defer { unsafe png_image_free(&image) }

    return try unsafe bytes.withUnsafeBytes { source in
      // SAFETY: libpng reads only `source`, which outlives both calls, within its count.
      guard unsafe png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else {
        throw unsafe damaged(message(of: image), name)
      }
      let (width, height) = unsafe (Int(image.width), Int(image.height))
      try checkSize(width: width, height: height, name: name, limits: limits)

      // libpng takes 16-bit samples for linear light unless told that they are sRGB, as every writer means them.
      unsafe image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      let hasAlpha = unsafe image.format & PNG_FORMAT_FLAG_ALPHA != 0
      unsafe image.format = hasAlpha ? PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA : PNG_FORMAT_FLAG_COLOR
      let channels = hasAlpha ? 4 : 3
      var pixels = [UInt8](repeating: value, count: width * height * channels)
      let done = unsafe pixels.withUnsafeMutableBytes { target in
        // SAFETY: `target` is [height, width, channels] for the format just set; a row stride of 0 means packed.
        unsafe png_image_finish_read(&image, nil, target.baseAddress, 0, nil)
      }
      let problem = unsafe done == 0 ? message(of: image) : nil
      return PNGPixels(width: width, height: height, channels: channels, pixels: pixels, problem: problem)
    }
  }

  /// The picture as a PNG file: 8-bit sRGB, no metadata.
  ///
  /// - Throws: `internal` if libpng refuses.
  public func pngData() throws -> [UInt8] {
    var image = unsafe png_image()
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    unsafe image.width = png_uint_32(width)
    unsafe image.height = png_uint_32(height)
    unsafe image.format = PNG_FORMAT_FLAG_COLOR
    // SAFETY: as in `readPNG`.
    defer { unsafe png_image_free(&image) }

    // Deflate can grow incompressible rows slightly; libpng says how much it needed if this is too little.
    var capacity = pixels.count + pixels.count / 64 + height + 1_024
    for _ in 0..<2 {
      var output = [UInt8](repeating: 0, count: capacity)
      var size = capacity
      let done = unsafe output.withUnsafeMutableBytes { target in
        unsafe pixels.withUnsafeBytes { source in
          // SAFETY: `source` is [height, width, 3], packed; libpng writes at most `size` bytes to `target`.
          unsafe png_image_write_to_memory(&image, target.baseAddress, &size, 0, source.baseAddress, 0, nil)
        }
      }
      if done != 0, size <= capacity {
        output.removeLast(capacity - size)
        return output
      }
      guard size > capacity else { break }
      capacity = size
    }
    throw unsafe SpudError(.internal, "writing a \(width)×\(height) PNG failed: \(Self.message(of: image))")
  }

  /// `[count, 4]` to `[count, 3]`, with white behind what is transparent.
  static func overWhite(_ rgba: [UInt8]) -> [UInt8] {
    var rgb: [UInt8] = []
    rgb.reserveCapacity(rgba.count / 4 * 3)
    for pixel in stride(from: 0, to: rgba.count, by: 4) {
      let alpha = Int(rgba[pixel + 3])
      for channel in 0..<3 {
        let sum = Int(rgba[pixel + channel]) * alpha + 255 * (255 - alpha)
        rgb.append(UInt8((sum + 127) / 255))
      }
    }
    return rgb
  }

  private static func damaged(_ problem: String, _ name: String) -> SpudError {
    SpudError(.badData, "\(name): the PNG is damaged or cut short: libpng says '\(problem)'")
  }

  private static func message(of image: png_image) -> String {
    unsafe withUnsafeBytes(of: image.message) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
