import SpudErrors

extension RGBImage {
  /// Decodes the picture of an AVIF or HEIC file, as AVIF's own library does: colours by the file's matrix and range,
  /// interpolated; transparency over white; turned as its properties say.
  static func decodeHEIF(
    _ file: HEIFFile, by ffmpeg: FFmpeg, limits: MediaLimits, remarks: inout [String]
  ) throws -> RGBImage {
    var image: RGBImage
    if file.colours?.matrix == 0 {
      // The planes are green, blue and red: there is nothing to interpolate.
      image = try ffmpeg.picture(file.picture, limits: limits, remarks: &remarks)
    } else {
      let (planes, isFullRange) = try ffmpeg.planes(file.picture, limits: limits, remarks: &remarks)
      image = planes.rgb(
        YUVPicture.Coding(
          matrix: file.colours?.matrix ?? 6, isFullRange: file.colours?.isFullRange ?? isFullRange ?? false))
    }
    if let transparency = file.transparency {
      let (levels, isFullRange) = try ffmpeg.planes(transparency, limits: limits, remarks: &remarks)
      image = image.overWhite(levels.levels(isFullRange: isFullRange ?? true))
    }
    return file.turns.reduce(image) { $0.oriented(by: $1) }
  }
}
