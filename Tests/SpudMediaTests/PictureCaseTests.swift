import Foundation
import SpudErrors
import SpudMedia
import Testing

@Suite("Pictures as other programs leave them")
struct PictureCaseTests {
  private func compare(_ name: String) throws -> Difference {
    let goldens = try Fixture.decode([String: PictureParityTests.Golden].self, from: "Cases/pictures.json")
    let golden = try #require(goldens[name])
    let image = try RGBImage.load(path: Fixture.path("Cases/\(name)"))
    #expect(image.width == golden.width && image.height == golden.height)
    return Difference(image.pixels, Array(golden.pixels))
  }

  @Test("every orientation in a PNG's EXIF", arguments: 1...8)
  func orientation(value: Int) throws {
    #expect(try compare("orientation-\(value).png").largest == 0)
  }

  @Test("orientation in other formats", .enabled(if: FFmpegTests.isInstalled), arguments: ["webp", "tiff", "avif"])
  func orientation(kind: String) throws {
    for value in [2, 6, 7] { #expect(try compare("orientation-\(value).\(kind)").largest == 0) }
  }

  @Test("an EXIF chunk after the pixels counts too, and a damaged one does not")
  func laterEXIF() throws {
    var bytes = try Fixture.bytes("Cases/orientation-6.png")
    let start = try #require(bytes.firstRange(of: Array("eXIf".utf8))?.lowerBound) - 4
    let length = 12 + Int(bytes[start + 3])
    let chunk = Array(bytes[start..<start + length])
    bytes.removeSubrange(start..<start + length)
    let plain = try RGBImage.decode(bytes, name: "x")
    #expect(plain.width == 13)
    bytes.insert(contentsOf: chunk, at: bytes.count - 12)
    let turned = try RGBImage.decode(bytes, name: "x")
    #expect(turned.width == 9)
    var damaged = bytes
    damaged[bytes.count - 12 - length + 8] = 0
    #expect(try RGBImage.decode(damaged, name: "x").width == 13)
  }

  @Test("HEIC is turned and mirrored as its properties say", .enabled(if: FFmpegTests.isInstalled))
  func heic() throws {
    let plain = try RGBImage.load(path: Fixture.path("Cases/plain.heic"))
    let turned = try RGBImage.load(path: Fixture.path("Cases/turned.heic"))
    #expect(plain.width == 64 && turned.width == 48 && turned.height == 64)
    // A quarter counterclockwise and then mirrored is the picture with its axes exchanged, both from the far end.
    for (x, y) in [(0, 0), (10, 3), (47, 63), (20, 40)] {
      let (found, expected) = ((y * 48 + x) * 3, ((47 - x) * 64 + 63 - y) * 3)
      #expect(turned.pixels[found..<found + 3] == plain.pixels[expected..<expected + 3])
    }
  }

  @Test(
    "of an animated picture, the first frame", .enabled(if: FFmpegTests.isInstalled),
    arguments: [
      "animated.webp", "animated-lossy.webp", "animated.png", "animated.gif", "animated.avif",
    ])
  func animation(name: String) throws {
    #expect(try compare(name).largest <= (name.contains("lossy") ? 1 : 0))
  }

  @Test(
    "AVIF of every range, matrix, kind of chroma and depth, as libavif has it", .enabled(if: FFmpegTests.isInstalled),
    arguments: [
      "full.avif", "limited.avif", "wide-chroma.avif", "half-chroma.avif", "gray.avif", "alpha.avif", "bt709.avif",
      "bt2020.avif", "deep.avif",
    ])
  func avif(name: String) throws {
    let difference = try compare(name)
    // Of ten bits, libyuv drops two before it interpolates, or after, by the instructions at hand.
    let isDeep = name == "deep.avif"
    #expect(difference.largest <= (isDeep ? 3 : 0) && difference.mean <= (isDeep ? 0.6 : 0), "\(difference)")
  }

  @Test(
    "lossy WebP, as libwebp has it", .enabled(if: FFmpegTests.isInstalled), arguments: ["lossy.webp", "alpha.webp"])
  func webp(name: String) throws {
    let difference = try compare(name)
    #expect(difference.largest <= 1 && difference.mean < 0.02)
  }

  @Test(
    "a picture cut at its end is read as far as it goes, with one remark",
    arguments: [
      "resize-source.png", "full-chroma.jpg", "progressive.jpg",
    ])
  func cut(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let whole = try RGBImage.decode(bytes, name: "x")
    var remarks: [String] = []
    let image = try RGBImage.decode(Array(bytes.prefix(bytes.count * 2 / 3)), name: "cut.x", remarks: &remarks)
    #expect(remarks.count == 1 && remarks[0].hasPrefix("cut.x: the "), "\(remarks)")
    #expect(image.width == whole.width && image.height == whole.height)
    let top = image.width * 3 * (image.height / 4)
    let difference = Difference(Array(image.pixels.prefix(top)), Array(whole.pixels.prefix(top)))
    // What a progressive picture lacks is detail.
    #expect(name.hasPrefix("progressive") ? difference.mean < 40 : difference.largest == 0)
    #expect(image.pixels.suffix(30) != whole.pixels.suffix(30))
  }

  @Test("a remark counts the rows that are there, and the rest of a PNG is white")
  func rows() throws {
    let bytes = try Fixture.bytes("rgb.png")
    var remarks: [String] = []
    let image = try RGBImage.decode(Array(bytes.prefix(bytes.count / 2)), name: "a.png", remarks: &remarks)
    let remark = try #require(remarks.first)
    #expect(remark.contains(" of its 21 rows could be read"))
    #expect(image.pixels.suffix(3 * 33 * 5).allSatisfy { $0 == 255 })
    remarks = []
    let jpeg = try Fixture.bytes("full-chroma.jpg")
    _ = try RGBImage.decode(Array(jpeg.prefix(jpeg.count * 3 / 4)), name: "a.jpg", remarks: &remarks)
    #expect(remarks.first?.contains("of its 21 rows are there") == true, "\(remarks)")
  }

  @Test("a JPEG that lacks nothing but its end marker is whole")
  func noEndMarker() throws {
    let bytes = try Fixture.bytes("baseline.jpg")
    #expect(try RGBImage.decode(bytes.dropLast(2), name: "x") == RGBImage.decode(bytes, name: "x"))
  }

  @Test(
    "pictures cut at their end that only ffmpeg reads", .enabled(if: FFmpegTests.isInstalled),
    arguments: [
      "picture.gif", "picture.bmp", "Cases/lossy.webp", "Cases/animated.gif", "Cases/orientation-2.tiff",
    ])
  func cutThroughFFmpeg(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let whole = try RGBImage.decode(bytes, name: "x")
    // Before the end of the first frame of the animated one.
    let length = name.contains("animated") ? bytes.count / 4 : bytes.count * 3 / 4
    var remarks: [String] = []
    let image = try RGBImage.decode(Array(bytes.prefix(length)), name: "cut.x", remarks: &remarks)
    #expect(remarks.count == 1 && remarks[0].hasPrefix("cut.x: the "), "\(remarks)")
    #expect(image.width == whole.width && image.height == whole.height)
  }

  @Test(
    "containers that nest without end, and lists that claim more than there is, are refused at once",
    .enabled(if: FFmpegTests.isInstalled), .timeLimit(.minutes(1)))
  func hostileContainers() throws {
    let frame = Array("ANMF".utf8) + [0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 0, count: 16)
    let webp =
      Array("RIFF".utf8) + [0, 0, 0, 1] + Array("WEBP".utf8) + Array(repeating: frame, count: 200_000).joined()
    expectBadData("no picture in it") { try RGBImage.decode(webp, name: "x") }
    var avif = try Fixture.bytes("Cases/full.avif")
    let place = try #require(avif.firstRange(of: Array("iloc".utf8))?.upperBound)
    // Offsets, lengths and bases of no bytes, and as many items and extents as there may be.
    avif.replaceSubrange(place + 4..<place + 16, with: [0, 0, 0xFF, 0xFF, 0, 1, 0, 0, 0xFF, 0xFF, 0, 1])
    expectBadData("list of items") { try RGBImage.decode(avif, name: "x") }
  }
}
