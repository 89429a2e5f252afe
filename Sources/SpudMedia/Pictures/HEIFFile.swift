import SpudErrors

/// A picture in the container of AVIF and HEIC (ISO/IEC 23008-12): items of coded data, and what is to be done with
/// them.
///
/// `ffmpeg` before 7 takes the coded picture alone: its transparency is another item, and its turn a property.
struct HEIFFile {
  enum Codec { case av1, hevc }

  let codec: Codec
  /// The coded picture, as a stream that `ffmpeg` reads.
  let picture: [UInt8]
  /// The coded plane of transparency, as a stream too.
  let transparency: [UInt8]?
  /// How colours are coded, if the file says.
  let colours: (matrix: Int, isFullRange: Bool)?
  /// What makes the decoded picture upright, in this order.
  let turns: [ExifOrientation]

  static func isHEIF(_ bytes: [UInt8]) -> Bool {
    let brands = ["avif", "avis", "heic", "heix", "mif1", "msf1"]
    return bytes.hasTag("ftyp", at: 4) && brands.contains { bytes.hasTag($0, at: 8) }
  }

  /// Reads the container.
  ///
  /// - Returns: nil if the picture is made of several, such as tiles, or coded by another codec than AV1 or HEVC.
  /// - Throws: `badData` if a box or an item goes beyond the end.
  init?(_ bytes: [UInt8], name: String) throws {
    let items = try HEIFItems(bytes, name: name)
    guard let primary = items.primary, let data = try items.data(of: primary) else { return nil }
    switch items.types[primary] {
    case "av01":
      codec = .av1
      picture = Self.ivf(data)
      transparency = try items.transparency(of: primary).flatMap { try items.data(of: $0) }.map(Self.ivf)
    case "hvc1":
      guard let stream = Self.annexB(data, items.property("hvcC", of: primary)) else { return nil }
      codec = .hevc
      picture = stream
      transparency = nil
    default: return nil
    }
    if let colour = items.property("colr", of: primary), colour.hasTag("nclx", at: 0),
      let matrix = colour.bigEndian(at: 8, bytes: 2), let flags = colour.bigEndian(at: 10, bytes: 1)
    {
      colours = (matrix, flags & 0x80 != 0)
    } else {
      colours = nil
    }
    turns = items.properties(of: primary).compactMap { property in
      guard let value = property.content.first else { return nil }
      switch property.type {
      // Quarters counterclockwise.
      case "irot":
        return [.upright, .needsCounterclockwiseQuarter, .upsideDown, .needsClockwiseQuarter][Int(value & 3)]
      // Along the vertical axis, which exchanges top and bottom, or along the horizontal one.
      case "imir": return value & 1 == 0 ? .mirroredUpsideDown : .mirrored
      default: return nil
      }
    }
  }

  /// One AV1 frame in the simplest container.
  private static func ivf(_ data: [UInt8]) -> [UInt8] {
    let header = Array("DKIF".utf8) + [0, 0, 32, 0] + Array("AV01".utf8) + [UInt8](repeating: 0, count: 4)
    let rate = [UInt8].littleEndian(UInt32(1)) + .littleEndian(UInt32(1)) + .littleEndian(UInt64(1))
    return header + rate + .littleEndian(UInt32(truncatingIfNeeded: data.count)) + .littleEndian(UInt64(0)) + data
  }

  /// HEVC with start codes in place of lengths, after the parameter sets of its configuration.
  private static func annexB(_ data: [UInt8], _ configuration: ArraySlice<UInt8>?) -> [UInt8]? {
    guard let configuration, let sizes = configuration.bigEndian(at: 21, bytes: 1),
      let arrayCount = configuration.bigEndian(at: 22, bytes: 1)
    else { return nil }
    let startCode: [UInt8] = [0, 0, 0, 1]
    var stream: [UInt8] = []
    func append(from source: some RandomAccessCollection<UInt8>, at start: Int, _ length: Int) -> Int? {
      guard length >= 0, start + length <= source.count else { return nil }
      stream += startCode + source.dropFirst(start).prefix(length)
      return start + length
    }
    var offset = 23
    for _ in 0..<arrayCount {
      guard let unitCount = configuration.bigEndian(at: offset + 1, bytes: 2) else { return nil }
      offset += 3
      for _ in 0..<unitCount {
        guard let length = configuration.bigEndian(at: offset, bytes: 2),
          let end = append(from: configuration, at: offset + 2, length)
        else { return nil }
        offset = end
      }
    }
    let width = (sizes & 3) + 1
    offset = 0
    while let length = data.bigEndian(at: offset, bytes: width) {
      guard let end = append(from: data, at: offset + width, length) else { return nil }
      offset = end
    }
    return stream
  }
}
