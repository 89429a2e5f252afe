import SpudErrors
internal import SpudSupport

/// Sound: one channel, −1…1.
public struct Waveform: Sendable, Equatable {
  /// Samples per second of everything that the models hear and speak.
  public static let standardRate = 16_000

  public var samples: [Float]
  /// Samples per second.
  public let sampleRate: Int

  /// - Precondition: `sampleRate` is positive.
  public init(samples: [Float], sampleRate: Int = standardRate) {
    precondition(sampleRate > 0, "a sample rate must be positive, not \(sampleRate)")
    self.samples = samples
    self.sampleRate = sampleRate
  }

  /// In seconds.
  public var duration: Double { Double(samples.count) / Double(sampleRate) }

  /// Reads the recording at `path` (WAV, FLAC, OGG and MP3 by libsndfile, anything else through `ffmpeg`),
  /// mixes its channels into one by their mean, and resamples to 16 kHz.
  ///
  /// - Throws: `noInput`, `badData`, `io`, or `unavailable` if it needs `ffmpeg` and that is not installed.
  public static func load(path: String, limits: MediaLimits = .default) throws -> Waveform {
    try decode(MediaFile.read(path, limit: limits.audioBytes), name: path, limits: limits)
  }

  /// Decodes a recording that is already in memory, as `load` does.
  ///
  /// - Parameter name: what errors call it.
  public static func decode(_ bytes: [UInt8], name: String, limits: MediaLimits = .default) throws -> Waveform {
    guard bytes.count <= limits.audioBytes else {
      throw SpudError(
        .badData, "\(name): the recording holds \(bytes.count) bytes, but at most \(limits.audioBytes) are accepted")
    }
    guard !bytes.isEmpty else { throw SpudError(.badData, "\(name): the recording is empty") }
    if let sound = try decodeBySndfile(bytes, name: name, limits: limits) {
      return try sound.resampled(to: standardRate)
    }
    let ffmpeg = try FFmpeg(for: name, found: "a recording that is not WAV, FLAC, OGG or MP3", limits: limits)
    guard let sound = try ffmpeg.sound(of: .recording, bytes, limits: limits) else {
      throw SpudError(.badData, "\(name): ffmpeg found no sound in it")
    }
    return try sound.resampled(to: standardRate)
  }

  /// Writes 16-bit PCM WAV: all of it, or nothing. Samples beyond −1…1 are clipped.
  ///
  /// - Throws: `io`, or `badData` if the sound does not fit in a WAV file.
  public func writeWAV(to path: String) throws {
    try AtomicFile.write(wavData(), to: path)
  }

  /// The sound as a WAV file: RIFF, PCM, 16 bits, one channel.
  ///
  /// - Throws: `badData` if it would exceed the 4 GiB that WAV's lengths can say.
  public func wavData() throws -> [UInt8] {
    let (headerBytes, bytesPerSample) = (44, 2)
    guard let rate = UInt32(exactly: sampleRate), rate <= .max / 2,
      let dataBytes = UInt32(exactly: samples.count * bytesPerSample),
      dataBytes <= .max - UInt32(headerBytes)
    else {
      throw SpudError(.badData, "\(samples.count) samples at \(sampleRate) Hz do not fit in a WAV file")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headerBytes + Int(dataBytes))
    func append(_ tag: String) { bytes.append(contentsOf: tag.utf8) }
    func append(_ value: some FixedWidthInteger) {
      for byte in 0..<value.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    append("RIFF")
    append(UInt32(headerBytes - 8) + dataBytes)
    append("WAVEfmt ")
    append(UInt32(16))
    append(UInt16(1))  // PCM
    append(UInt16(1))  // channels
    append(rate)
    append(rate * UInt32(bytesPerSample))
    append(UInt16(bytesPerSample))
    append(UInt16(8 * bytesPerSample))
    append("data")
    append(dataBytes)
    for sample in samples {
      // Decoders divide by 32,768: multiplying by the same makes a round trip exact. NaN is silence.
      let scaled = (sample.isNaN ? 0 : sample * 32_768).rounded(.toNearestOrEven)
      append(Int16(min(max(scaled, -32_768), 32_767)))
    }
    return bytes
  }
}
