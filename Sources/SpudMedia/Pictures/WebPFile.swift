import SpudErrors

/// The chunks of a WebP file (RFC 9649), of which the first picture is taken: `ffmpeg` reads no animated ones.
struct WebPFile {
  /// Pixels of the whole picture; nil if the file does not say, and it is as large as its only frame.
  private(set) var canvas: (width: Int, height: Int)?
  /// Where on the canvas the first frame lies.
  private(set) var origin = (x: 0, y: 0)
  private(set) var orientation = ExifOrientation.upright
  /// How much of the picture's bytes are there, of how many, if not all are.
  private(set) var cut: (found: Int, announced: Int)?
  /// The compressed picture: "VP8 ", or "VP8L" if it is without loss.
  private var picture: (tag: String, content: ArraySlice<UInt8>)?
  private var transparency: ArraySlice<UInt8>?

  static func isWebP(_ bytes: [UInt8]) -> Bool {
    bytes.hasTag("RIFF", at: 0) && bytes.hasTag("WEBP", at: 8)
  }

  /// - Throws: `badData` if it holds no picture.
  init(_ bytes: [UInt8], name: String) throws {
    read(bytes[12...], inFrame: false)
    guard picture != nil else {
      throw SpudError(.badData, "\(name): the WebP is damaged or cut short: found no picture in it")
    }
  }

  var isLossless: Bool { picture?.tag == "VP8L" }
  var hasTransparency: Bool { transparency != nil }

  /// The picture without its transparency, as a file of its own.
  var still: [UInt8] { Self.file(picture.map { Self.chunk($0.tag, $0.content) } ?? []) }

  /// The picture with its transparency, as a file of its own.
  ///
  /// - Parameter width: of the picture, and `height` alike.
  func still(width: Int, height: Int) -> [UInt8] {
    let hasAlpha: [UInt8] = [0x10, 0, 0, 0]
    func side(_ length: Int) -> [UInt8] { Array([UInt8].littleEndian(UInt32(length - 1)).prefix(3)) }
    let header = Self.chunk("VP8X", (hasAlpha + side(width) + side(height))[...])
    return Self.file(
      header + Self.chunk("ALPH", transparency ?? []) + (picture.map { Self.chunk($0.tag, $0.content) } ?? []))
  }

  private mutating func read(_ chunks: ArraySlice<UInt8>, inFrame: Bool) {
    var rest = chunks
    while let announced = rest.littleEndian(at: 4, bytes: 4) {
      let tag = String(decoding: rest.prefix(4), as: UTF8.self)
      let content = rest.dropFirst(8).prefix(announced)
      switch tag {
      case "VP8X":
        if let width = content.littleEndian(at: 4, bytes: 3), let height = content.littleEndian(at: 7, bytes: 3) {
          canvas = (width + 1, height + 1)
        }
      case "ANMF" where picture == nil && !inFrame:
        let headerBytes = 16
        if let x = content.littleEndian(at: 0, bytes: 3), let y = content.littleEndian(at: 3, bytes: 3) {
          origin = (2 * x, 2 * y)
        }
        if content.count > headerBytes { read(content.dropFirst(headerBytes), inFrame: true) }
      case "ALPH" where picture == nil: transparency = content
      case "VP8 " where picture == nil, "VP8L" where picture == nil:
        picture = (tag, content)
        if content.count < announced { cut = (content.count, announced) }
      case "EXIF": orientation = ExifOrientation(exif: content)
      default: break
      }
      // Chunks start at even offsets.
      rest = rest.dropFirst(8 + announced + announced % 2)
    }
  }

  private static func file(_ chunks: [UInt8]) -> [UInt8] {
    Array("RIFF".utf8) + .littleEndian(UInt32(truncatingIfNeeded: chunks.count + 4)) + Array("WEBP".utf8) + chunks
  }

  private static func chunk(_ tag: String, _ content: ArraySlice<UInt8>) -> [UInt8] {
    let header = Array(tag.utf8) + [UInt8].littleEndian(UInt32(truncatingIfNeeded: content.count))
    return header + content + (content.count % 2 == 1 ? [0] : [])
  }
}
