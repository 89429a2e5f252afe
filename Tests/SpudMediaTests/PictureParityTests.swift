import Foundation
import SpudMedia
import Testing

@Suite("Pictures agree with Pillow")
struct PictureParityTests {
  struct Golden: Decodable {
    var width, height: Int
    var pixels: Data
  }

  struct ResizeGolden: Decodable {
    var filter: String
    var width, height: Int
    var pixels: Data
  }

  private func compare(_ name: String) throws -> Difference {
    let golden = try #require(try Fixture.decode([String: Golden].self, from: "pictures.json")[name])
    let image = try RGBImage.load(path: Fixture.path(name))
    #expect(image.width == golden.width && image.height == golden.height)
    return Difference(image.pixels, Array(golden.pixels))
  }

  @Test(
    "PNG of every kind, exactly",
    arguments: [
      "rgb.png", "gray.png", "bilevel.png", "palette.png", "gray16.png", "alpha.png", "gray-alpha.png",
      "palette-transparent.png",
    ])
  func png(name: String) throws {
    // Pillow and we may round a blend of two values to different sides.
    #expect(try compare(name).largest <= (name.contains("alpha") ? 1 : 0))
  }

  @Test(
    "JPEG of every kind",
    arguments: ["baseline.jpg", "progressive.jpg", "full-chroma.jpg", "gray.jpg", "cmyk.jpg"])
  func jpeg(name: String) throws {
    // Two releases of the same decoder; CMYK is rounded twice.
    let difference = try compare(name)
    #expect(difference.mean <= 0.1 && difference.largest <= 2)
  }

  @Test("every orientation of EXIF", arguments: 1...8)
  func orientation(value: Int) throws {
    #expect(try compare("orientation-\(value).jpg").largest <= 1)
  }

  @Test(
    "formats that only ffmpeg reads", .enabled(if: FFmpegTests.isInstalled),
    arguments: [
      "lossless.webp", "picture.bmp", "picture.gif",
    ])
  func throughFFmpeg(name: String) throws {
    #expect(try compare(name).largest == 0)
  }

  @Test("antialiased resizing, to the last bit")
  func resizing() throws {
    let source = try RGBImage.load(path: Fixture.path("resize-source.png"))
    let goldens = try Fixture.decode([ResizeGolden].self, from: "resize.json")
    #expect(goldens.count == 36)
    for golden in goldens {
      let filter = try #require(RGBImage.Filter(rawValue: golden.filter))
      let resized = source.resized(width: golden.width, height: golden.height, filter: filter)
      let difference = Difference(resized.pixels, Array(golden.pixels))
      #expect(difference.largest == 0, "\(golden.filter) to \(golden.width)×\(golden.height)")
    }
  }
}
