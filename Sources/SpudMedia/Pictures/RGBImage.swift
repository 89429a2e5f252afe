import SpudErrors
internal import SpudSupport

/// A picture: 8-bit sRGB, three channels.
public struct RGBImage: Sendable, Equatable {
  /// Pixels per row.
  public let width: Int
  /// Rows, from the top.
  public let height: Int
  /// `[height, width, 3]`: red, green, blue; 0…255.
  public var pixels: [UInt8] {
    didSet { precondition(pixels.count == width * height * 3, "pixels must stay [height, width, 3]") }
  }

  /// - Precondition: both sides are positive, and `pixels` is `[height, width, 3]`.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture needs positive sides, not \(width)×\(height)")
    precondition(pixels.count == width * height * 3, "\(pixels.count) bytes are not [\(height), \(width), 3]")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Reads the picture at `path`: PNG or JPEG by its first bytes, anything else through `ffmpeg`.
  ///
  /// Whatever the file holds becomes 8-bit RGB: gray is copied to three channels, palettes are looked up,
  /// 16 bits keep their upper 8, CMYK is converted, transparency is laid over white, and the orientation
  /// in EXIF is applied. Of an animated picture, the first frame is read.
  ///
  /// - Parameters:
  ///   - path: of the file.
  ///   - limits: what it may hold.
  ///   - remarks: gains a sentence for each part of the file that is missing or cannot be read; what is there is
  ///     returned.
  /// - Throws: `noInput`, `badData`, `io`, or `unavailable` if it needs `ffmpeg` and that is not installed.
  public static func load(
    path: String, limits: MediaLimits = .default, remarks: inout [String]
  ) throws -> RGBImage {
    try decode(MediaFile.read(path, limit: limits.imageBytes), name: path, limits: limits, remarks: &remarks)
  }

  /// Reads the picture at `path`, which must be whole.
  public static func load(path: String, limits: MediaLimits = .default) throws -> RGBImage {
    try Remarks.refused { try load(path: path, limits: limits, remarks: &$0) }
  }

  /// Decodes an encoded picture that is already in memory, as `load` does.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what errors and remarks call it.
  ///   - limits: what it may hold.
  ///   - remarks: as in `load`.
  public static func decode(
    _ bytes: [UInt8], name: String, limits: MediaLimits = .default, remarks: inout [String]
  ) throws -> RGBImage {
    guard bytes.count <= limits.imageBytes else {
      throw SpudError(
        .badData, "\(name): the picture holds \(bytes.count) bytes, but at most \(limits.imageBytes) are accepted")
    }
    if bytes.starts(with: pngSignature) { return try decodePNG(bytes, name: name, limits: limits, remarks: &remarks) }
    if bytes.starts(with: jpegSignature) { return try decodeJPEG(bytes, name: name, limits: limits, remarks: &remarks) }
    guard !bytes.isEmpty else { throw SpudError(.badData, "\(name): the picture is empty") }
    let ffmpeg = try FFmpeg(for: name, found: "a picture that is neither PNG nor JPEG", limits: limits)
    if WebPFile.isWebP(bytes) { return try decodeWebP(bytes, by: ffmpeg, limits: limits, remarks: &remarks) }
    if HEIFFile.isHEIF(bytes), let file = try HEIFFile(bytes, name: name) {
      return try decodeHEIF(file, by: ffmpeg, limits: limits, remarks: &remarks)
    }
    let (whole, missing) = PictureEnd.mended(bytes)
    let image = try ffmpeg.picture(whole, limits: limits, remarks: &remarks)
    if let missing { remarks = ["\(name): the picture is cut short: \(missing)"] }
    return image.oriented(by: ExifOrientation(tiff: bytes[...]) ?? .upright)
  }

  /// Decodes an encoded picture that is already in memory, which must be whole.
  public static func decode(_ bytes: [UInt8], name: String, limits: MediaLimits = .default) throws -> RGBImage {
    try Remarks.refused { try decode(bytes, name: name, limits: limits, remarks: &$0) }
  }

  /// Writes the picture as PNG: all of it, or nothing.
  ///
  /// - Throws: `io`.
  public func writePNG(to path: String) throws {
    try AtomicFile.write(pngData(), to: path)
  }

  /// Refuses sides that a header announces before anything is allocated for them.
  static func checkSize(width: Int, height: Int, name: String, limits: MediaLimits) throws {
    let (pixelCount, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, width <= limits.imageSide, height <= limits.imageSide,
      !overflow, pixelCount <= limits.imagePixels
    else {
      throw SpudError(
        .badData,
        "\(name): the picture is \(width)×\(height), but sides of 1 to \(limits.imageSide) "
          + "and at most \(limits.imagePixels) pixels are accepted")
    }
  }
}
