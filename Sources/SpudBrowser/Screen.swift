package import SpudMedia

/// What can be seen of a page, and nothing else of it.
package struct Screen: Sendable, Equatable {
  package let image: RGBImage

  package var width: Int { image.width }
  package var height: Int { image.height }

  package init(_ image: RGBImage) { self.image = image }

  /// The part within `width` × `height` from the upper left.
  package func cropped(width: Int, height: Int) -> Screen {
    let (width, height) = (min(width, self.width), min(height, self.height))
    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    for row in 0..<height {
      let first = row * self.width * 3
      pixels += image.pixels[first..<first + width * 3]
    }
    return Screen(RGBImage(width: width, height: height, pixels: pixels))
  }
}

extension Screen {
  /// The screen as a PNG in base 64.
  package func pngText() throws -> String { Base64.encode(try image.pngData()) }
}
