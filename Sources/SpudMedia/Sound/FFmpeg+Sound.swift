import SpudErrors

extension FFmpeg {
  /// Decodes a recording, or the sound of a video, into `collector`.
  ///
  /// - Parameters:
  ///   - kind: if it is `.video`, the sound is padded or cut to start with the first frame.
  ///   - remarks: gains a sentence if the program complained.
  /// - Returns: false if there is no sound.
  func sound(
    of kind: Kind, _ bytes: [UInt8], into collector: inout SoundCollector, limits: MediaLimits,
    remarks: inout [String]
  ) throws -> Bool {
    // One second more than the limit, so that a longer sound is told from one that fits.
    let seconds = (kind == .video ? min(limits.audioSeconds, limits.videoSeconds) : limits.audioSeconds) + 1
    let mostSamples = min(
      limits.audioSamples + limits.audioRates.upperBound,
      Int(seconds) * limits.audioRates.upperBound * limits.audioChannels)
    let alignment = kind == .video ? ["-af", "aresample=async=1:first_pts=0"] : []
    let job = Job(
      kind: kind, seconds: limits.audioDecodingSeconds, pixels: limits.imagePixels,
      outputBytes: mostSamples * 4 + 4_096,
      output: ["-map", "0:a:0", "-t", "\(seconds)"] + alignment + ["-c:a", "pcm_f32le", "-bitexact", "-f", "wav"])
    var stream = FloatStream(name: name)
    guard case .ended(let complaint) = try run(job, bytes, receive: { try stream.append($0, to: &collector) }) else {
      return false
    }
    guard let decoded = try stream.finish(&collector) else {
      if let complaint { throw failure(kind, complaint) }
      return false
    }
    if let complaint { remarks.append(remark(kind, bytes, complaint: complaint, seconds: decoded)) }
    return true
  }
}

/// The WAV file of 32-bit floats that `ffmpeg` writes, taken as it comes: as a whole it could be large.
private struct FloatStream {
  let name: String
  private var pending: [UInt8] = []
  private var format: (rate: Int, channels: Int)?
  /// Whether what came is no WAV file.
  private var isForeign = false

  init(name: String) {
    self.name = name
  }

  mutating func append(_ bytes: ArraySlice<UInt8>, to collector: inout SoundCollector) throws {
    guard !isForeign else { return }
    pending += bytes
    if format == nil {
      guard let start = readHeader() else { return }
      pending.removeFirst(start)
      if let format { try collector.begin(rate: format.rate, channels: format.channels) }
    }
    guard let channels = format?.channels else { return }
    let frames = pending.count / (4 * channels)
    let samples = unsafe pending.withUnsafeBytes { buffer in
      (0..<frames * channels).map { index in
        // SAFETY: the buffer holds at least `frames` · `channels` samples of four bytes.
        Float(bitPattern: UInt32(littleEndian: unsafe buffer.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
      }
    }
    pending.removeFirst(samples.count * 4)
    try collector.append(samples.span, frames: frames)
  }

  /// - Returns: how many seconds there were; nil if there was no sound.
  mutating func finish(_ collector: inout SoundCollector) throws -> Double? {
    guard !isForeign else {
      throw SpudError(.internal, "\(name): ffmpeg's output is not the WAV that it was told to write")
    }
    guard let format else { return nil }
    let frames = try collector.end()
    return frames == 0 ? nil : Double(frames) / Double(format.rate)
  }

  /// Reads up to the sound.
  ///
  /// - Returns: where it starts; nil if that has not come yet.
  private mutating func readHeader() -> Int? {
    var offset = 12
    var found: (rate: Int, channels: Int)?
    while let length = pending.littleEndian(at: offset + 4, bytes: 4) {
      if pending.hasTag("data", at: offset), let found {
        format = found
        return offset + 8
      }
      if pending.hasTag("fmt ", at: offset) {
        guard let channels = pending.littleEndian(at: offset + 10, bytes: 2),
          let rate = pending.littleEndian(at: offset + 12, bytes: 4)
        else { return nil }
        found = (rate, channels)
      }
      offset += 8 + length + length % 2
    }
    isForeign = pending.count >= 4_096
    return nil
  }
}
