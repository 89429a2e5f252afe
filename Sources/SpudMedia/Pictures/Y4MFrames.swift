import SpudErrors

/// Frames from a stream of uncompressed video, YUV4MPEG2: a line of text for the stream, one for each frame, then its
/// planes.
///
/// The format: mjpegtools' yuv4mpeg(5), with the names that `ffmpeg` adds for more bits.
struct Y4MFrames {
  private(set) var frames: [YUVPicture] = []
  /// Whether the stream says that samples use all of their range; nil if it does not say.
  private(set) var isFullRange: Bool?
  private let name: String
  private let limits: MediaLimits
  private var pending: [UInt8] = []
  private var layout: Layout?
  private var isInFrame = false

  private struct Layout {
    var width, height, depth: Int
    var chroma: (width: Int, height: Int)?

    var sampleBytes: Int { depth > 8 ? 2 : 1 }
    var sampleCount: Int { width * height + 2 * (chroma.map { $0.width * $0.height } ?? 0) }
  }

  init(name: String, limits: MediaLimits) {
    self.name = name
    self.limits = limits
  }

  mutating func append(_ bytes: ArraySlice<UInt8>) throws {
    pending += bytes
    while true {
      if isInFrame, let layout {
        let count = layout.sampleCount * layout.sampleBytes
        guard pending.count >= count else { return }
        frames.append(picture(layout))
        pending.removeFirst(count)
        isInFrame = false
      } else {
        guard let end = pending.prefix(512).firstIndex(of: UInt8(ascii: "\n")) else {
          guard pending.count < 512 else { throw unexpected() }
          return
        }
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end + 1)
        if layout == nil {
          layout = try readHeader(line)
        } else if line.hasPrefix("FRAME") {
          isInFrame = true
        } else {
          throw unexpected()
        }
      }
    }
  }

  private mutating func readHeader(_ line: String) throws -> Layout {
    let words = line.split(separator: " ")
    func value(_ key: String) -> Substring? { words.dropFirst().first { $0.hasPrefix(key) }?.dropFirst(key.count) }
    guard words.first == "YUV4MPEG2", let width = value("W").flatMap({ Int($0) }),
      let height = value("H").flatMap({ Int($0) }), let kind = value("C")
    else { throw unexpected() }
    try RGBImage.checkSize(width: width, height: height, name: name, limits: limits)
    if let range = value("XCOLORRANGE=") { isFullRange = range == "FULL" }
    let isMono = kind.hasPrefix("mono")
    // "mono10", "420p10": 8 bits if no number follows.
    let digits = isMono ? kind.dropFirst(4) : kind.firstIndex(of: "p").map { kind[kind.index(after: $0)...] } ?? ""
    let depth = Int(digits) ?? 8
    let chroma: (Int, Int)? =
      switch kind.prefix(3) {
      case "420": ((width + 1) / 2, (height + 1) / 2)
      case "422": ((width + 1) / 2, height)
      case "444": (width, height)
      default: nil
      }
    guard isMono || chroma != nil, 8...16 ~= depth else { throw unexpected() }
    return Layout(width: width, height: height, depth: depth, chroma: chroma)
  }

  private func picture(_ layout: Layout) -> YUVPicture {
    // Samples beyond the depth would lie beyond the tables that convert them.
    let most = UInt16(truncatingIfNeeded: (1 << layout.depth) - 1)
    func samples(from start: Int, _ count: Int) -> [UInt16] {
      (start..<start + count).map { index in
        guard layout.sampleBytes == 2 else { return UInt16(pending[index]) }
        return min(UInt16(pending[2 * index]) | UInt16(pending[2 * index + 1]) << 8, most)
      }
    }
    let (whole, part) = (layout.width * layout.height, layout.chroma.map { $0.width * $0.height } ?? 0)
    return YUVPicture(
      width: layout.width, height: layout.height, depth: layout.depth, chroma: layout.chroma,
      luma: samples(from: 0, whole), blue: samples(from: whole, part), red: samples(from: whole + part, part))
  }

  private func unexpected() -> SpudError {
    SpudError(.internal, "\(name): ffmpeg's output is not the YUV4MPEG2 that it was told to write")
  }
}
