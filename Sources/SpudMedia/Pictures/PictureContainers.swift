/// Our readers of the files whose pictures `ffmpeg` decodes, without that program: what fuzzing exercises.
package enum PictureContainers {
  /// Reads the container of WebP, AVIF, HEIC, GIF, BMP or TIFF, and makes of it what the decoder would get.
  ///
  /// - Throws: `badData` if the container is damaged.
  package static func read(_ bytes: [UInt8], name: String) throws {
    if WebPFile.isWebP(bytes) {
      let file = try WebPFile(bytes, name: name)
      _ = (file.still, file.still(width: 1, height: 1))
    } else if HEIFFile.isHEIF(bytes) {
      _ = try HEIFFile(bytes, name: name)
    } else {
      _ = PictureEnd.mended(bytes)
      _ = ExifOrientation(tiff: bytes[...])
    }
  }
}
