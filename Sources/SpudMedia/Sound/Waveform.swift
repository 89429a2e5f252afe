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

  /// Reads the recording at `path` (WAV, W64, FLAC, OGG and MP3 by libsndfile, anything else through `ffmpeg`),
  /// mixes its channels into one by their mean, and resamples to 16 kHz. Recordings that follow one another in the file
  /// are heard one after the other.
  ///
  /// - Parameters:
  ///   - path: of the file.
  ///   - limits: what it may hold.
  ///   - remarks: gains a sentence for each part of the file that is missing or cannot be read; what is there is
  ///     returned.
  /// - Throws: `noInput`, `badData`, `io`, or `unavailable` if it needs `ffmpeg` and that is not installed.
  public static func load(
    path: String, limits: MediaLimits = .default, remarks: inout [String]
  ) throws -> Waveform {
    try decode(MediaFile.read(path, limit: limits.audioBytes), name: path, limits: limits, remarks: &remarks)
  }

  /// Reads the recording at `path`, which must be whole.
  public static func load(path: String, limits: MediaLimits = .default) throws -> Waveform {
    try Remarks.refused { try load(path: path, limits: limits, remarks: &$0) }
  }

  /// Decodes a recording that is already in memory, as `load` does.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what errors and remarks call it.
  ///   - limits: what it may hold.
  ///   - remarks: as in `load`.
  public static func decode(
    _ bytes: [UInt8], name: String, limits: MediaLimits = .default, remarks: inout [String]
  ) throws -> Waveform {
    guard bytes.count <= limits.audioBytes else {
      throw SpudError(
        .badData, "\(name): the recording holds \(bytes.count) bytes, but at most \(limits.audioBytes) are accepted")
    }
    guard !bytes.isEmpty else { throw SpudError(.badData, "\(name): the recording is empty") }
    var collector = SoundCollector(name: name, limits: limits)
    var found: [String] = []
    if let kind = SoundKind(bytes), let recordings = try kind.recordings(in: bytes, name: name, remarks: &found),
      try decode(recordings, kind, name: name, into: &collector, remarks: &found)
    {
      guard !collector.samples.isEmpty else {
        throw SpudError(.badData, found.first ?? "\(name): the file holds no sound")
      }
    } else {
      collector = SoundCollector(name: name, limits: limits)
      found = []
      let ffmpeg = try FFmpeg(for: name, found: "a recording that is not WAV, FLAC, OGG or MP3", limits: limits)
      let bytes = BigEndianSound.withTrueLengths(bytes, name: name, remarks: &found)
      guard try ffmpeg.sound(of: .recording, bytes, into: &collector, limits: limits, remarks: &found) else {
        throw SpudError(.badData, "\(name): ffmpeg found no sound in it")
      }
    }
    remarks += found
    return Waveform(samples: collector.samples)
  }

  /// Decodes a recording that is already in memory, which must be whole.
  public static func decode(_ bytes: [UInt8], name: String, limits: MediaLimits = .default) throws -> Waveform {
    try Remarks.refused { try decode(bytes, name: name, limits: limits, remarks: &$0) }
  }

  /// - Returns: whether libsndfile knows the encodings of all recordings.
  private static func decode(
    _ recordings: [[UInt8]], _ kind: SoundKind, name: String, into collector: inout SoundCollector,
    remarks: inout [String]
  ) throws -> Bool {
    for recording in recordings {
      switch try Sndfile.decode(recording, kind, name: name, into: &collector, remarks: &remarks) {
      case .decoded: continue
      case .unsupported: return false
      case .damaged(let problem):
        // What is known of a cut says more than the decoder, which only sees that something is wrong.
        guard !collector.samples.isEmpty else { throw SpudError(.badData, remarks.first ?? problem) }
        if remarks.isEmpty { remarks.append(problem) }
      }
    }
    return true
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
