import SpudErrors

/// Keeps at most `limit` of the frames that it is given, evenly spaced: whenever there are too many, every second
/// one goes, and from then on only every second is kept.
struct FrameSampler {
  let limit: Int
  private(set) var frames: [RGBImage] = []
  /// Frames given for each one kept.
  private(set) var stride = 1
  /// Frames given so far.
  private(set) var seen = 0

  init(limit: Int) {
    self.limit = max(limit, 1)
  }

  mutating func append(_ frame: RGBImage) {
    if seen % stride == 0 {
      if frames.count == limit {
        frames = frames.indices.filter { $0 % 2 == 0 }.map { frames[$0] }
        stride *= 2
      }
      if seen % stride == 0 { frames.append(frame) }
    }
    seen += 1
  }
}

/// Pictures from a stream of PAM files of three or four channels: a header of text lines, then the pixels.
///
/// The format: netpbm's pam(5).
struct PAMFrames {
  private let name: String
  private let limits: MediaLimits
  private var pending: [UInt8] = []
  private var header: (width: Int, height: Int, channels: Int)?

  init(name: String, limits: MediaLimits) {
    self.name = name
    self.limits = limits
  }

  /// Whether the stream so far ends where a picture ends.
  var isAtBoundary: Bool { pending.isEmpty && header == nil }

  /// Takes the next bytes of the stream and hands on the pictures that they complete, four channels over white.
  mutating func append(_ bytes: ArraySlice<UInt8>, handOn: (RGBImage) -> Void) throws {
    pending += bytes
    while true {
      if let (width, height, channels) = header {
        let count = width * height * channels
        guard pending.count >= count else { return }
        let pixels = Array(pending.prefix(count))
        handOn(RGBImage(width: width, height: height, pixels: channels == 4 ? RGBImage.overWhite(pixels) : pixels))
        pending.removeFirst(count)
        header = nil
      } else {
        guard let end = headerEnd() else {
          guard pending.count < 512 else { throw unexpected() }
          return
        }
        header = try readHeader(String(decoding: pending.prefix(end), as: UTF8.self))
        pending.removeFirst(end)
      }
    }
  }

  private func headerEnd() -> Int? {
    let last = Array("ENDHDR\n".utf8)
    let head = pending.prefix(512)
    guard head.count >= last.count else { return nil }
    let start = (0...head.count - last.count).first { head[$0..<$0 + last.count].elementsEqual(last) }
    return start.map { $0 + last.count }
  }

  private func readHeader(_ text: String) throws -> (Int, Int, Int) {
    var values: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2 { values[words[0]] = Int(words[1]) }
    }
    guard text.hasPrefix("P7\n"), values["MAXVAL"] == 255,
      let width = values["WIDTH"], let height = values["HEIGHT"], let channels = values["DEPTH"], 3...4 ~= channels
    else { throw unexpected() }
    try RGBImage.checkSize(width: width, height: height, name: name, limits: limits)
    return (width, height, channels)
  }

  private func unexpected() -> SpudError {
    SpudError(.internal, "\(name): ffmpeg's output is not the PAM pictures that it was told to write")
  }
}
