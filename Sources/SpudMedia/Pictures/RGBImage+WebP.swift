import SpudErrors

extension RGBImage {
  /// Decodes a WebP file, or the first frame of an animated one, and turns it as EXIF says. Transparency, and what the
  /// frame leaves free of the canvas, is white.
  static func decodeWebP(
    _ bytes: [UInt8], by ffmpeg: FFmpeg, limits: MediaLimits, remarks: inout [String]
  ) throws -> RGBImage {
    let name = ffmpeg.name
    let file = try WebPFile(bytes, name: name)
    if let canvas = file.canvas {
      try checkSize(width: canvas.width, height: canvas.height, name: name, limits: limits)
    }
    var found: [String] = []
    var frame: RGBImage
    if file.isLossless {
      frame = try ffmpeg.picture(file.still, limits: limits, remarks: &found)
    } else {
      let colours = try ffmpeg.planes(file.still, limits: limits, remarks: &found).picture
      // Always BT.601 with the narrow range, by definition.
      frame = colours.rgb(YUVPicture.Coding(matrix: 6, isFullRange: false, isCoarse: false))
      if file.hasTransparency {
        let whole = file.still(width: frame.width, height: frame.height)
        let levels = try ffmpeg.planes(whole, filter: "alphaextract", limits: limits, remarks: &found).picture
        frame = frame.overWhite(levels.levels(isFullRange: true))
      }
    }
    if let cut = file.cut {
      found = [
        "\(name): the WebP is cut short: only \(cut.found) of the \(cut.announced) bytes of its picture are there"
      ]
    }
    remarks += found.prefix(1)
    if let canvas = file.canvas, canvas != (frame.width, frame.height) {
      frame = frame.placed(at: file.origin, onWhiteOf: canvas)
    }
    return frame.oriented(by: file.orientation)
  }

  /// The picture over white.
  ///
  /// - Parameter levels: `[height, width]`, 255 where it is opaque. Fewer are no transparency at all.
  func overWhite(_ levels: [UInt8]) -> RGBImage {
    guard levels.count == width * height else { return self }
    var rgba: [UInt8] = []
    rgba.reserveCapacity(4 * levels.count)
    for (pixel, level) in levels.enumerated() {
      rgba += pixels[3 * pixel..<3 * pixel + 3]
      rgba.append(level)
    }
    return RGBImage(width: width, height: height, pixels: Self.overWhite(rgba))
  }

  /// A white picture of the size of `canvas`, with this one on it as far as it reaches.
  private func placed(at origin: (x: Int, y: Int), onWhiteOf canvas: (width: Int, height: Int)) -> RGBImage {
    var output = [UInt8](repeating: 255, count: canvas.width * canvas.height * 3)
    let columns = min(width, canvas.width - origin.x)
    for row in 0..<height where row + origin.y < canvas.height && columns > 0 {
      let target = ((row + origin.y) * canvas.width + origin.x) * 3
      output.replaceSubrange(target..<target + columns * 3, with: pixels[row * width * 3..<(row * width + columns) * 3])
    }
    return RGBImage(width: canvas.width, height: canvas.height, pixels: output)
  }
}
