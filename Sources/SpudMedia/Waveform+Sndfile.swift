internal import CSndfile
import SpudErrors

extension Waveform {
  /// Decodes WAV, FLAC, OGG, MP3 and the other formats that libsndfile knows, at the rate of the file.
  ///
  /// - Returns: nil if libsndfile does not know the format.
  static func decodeBySndfile(_ bytes: [UInt8], name: String, limits: MediaLimits) throws -> Waveform? {
    try checkRIFFLengths(bytes, name: name)
    let source = MemorySource(bytes)
    // SAFETY: libsndfile calls these back only between `sf_open_virtual` and `sf_close`, while `source` is alive.
    return try withExtendedLifetime(source) {
      var callbacks = unsafe SF_VIRTUAL_IO(
        get_filelen: { unsafe MemorySource.at($0).count },
        seek: { offset, whence, user in unsafe MemorySource.at(user).seek(offset, whence) },
        read: { target, count, user in unsafe MemorySource.at(user).read(into: target, count) },
        write: { _, _, _ in 0 },
        tell: { unsafe MemorySource.at($0).position })
      var format = SF_INFO()
      let user = unsafe Unmanaged.passUnretained(source).toOpaque()
      guard let file = unsafe sf_open_virtual(&callbacks, Int32(SFM_READ), &format, user) else {
        guard let kind = knownKind(bytes) else { return nil }
        let reason = unsafe String(cString: sf_strerror(nil))
        throw SpudError(.badData, "\(name): the \(kind) is damaged or cut short: libsndfile says '\(reason)'")
      }
      defer { unsafe sf_close(file) }
      return try unsafe decode(file, format, name: name, limits: limits)
    }
  }

  private static func decode(
    _ file: OpaquePointer, _ format: SF_INFO, name: String, limits: MediaLimits
  ) throws -> Waveform {
    let (rate, channels) = (Int(format.samplerate), Int(format.channels))
    guard limits.audioRates.contains(rate) else {
      throw SpudError(
        .badData,
        "\(name): the sample rate is \(rate) Hz, expected \(limits.audioRates.lowerBound) to \(limits.audioRates.upperBound)")
    }
    guard (1...limits.audioChannels).contains(channels) else {
      throw SpudError(.badData, "\(name): the sound has \(channels) channels, expected 1 to \(limits.audioChannels)")
    }
    let most = Int(limits.audioSeconds * Double(rate))
    var samples: [Float] = []
    // The header's count is only a hint: it may lie.
    samples.reserveCapacity(min(max(Int(format.frames), 0), most))
    let blockFrames = 4_096
    var block = [Float](repeating: 0, count: blockFrames * channels)  // [blockFrames, channels]
    while true {
      let count = unsafe block.withUnsafeMutableBufferPointer { buffer in
        // SAFETY: the buffer holds `blockFrames` frames of `channels` samples.
        unsafe Int(sf_readf_float(file, buffer.baseAddress, sf_count_t(blockFrames)))
      }
      guard count > 0 else { break }
      guard samples.count + count <= most else {
        throw SpudError(.badData, "\(name): the sound lasts longer than the \(limits.audioSeconds) seconds accepted")
      }
      try mix(block.span, frames: count, channels: channels, name: name, into: &samples)
    }
    let problem = unsafe sf_error(file)
    guard problem == 0 else {
      let reason = unsafe String(cString: sf_error_number(problem))
      throw SpudError(.badData, "\(name): the sound is damaged or cut short: libsndfile says '\(reason)'")
    }
    // FLAC's header counts its frames; other formats are counted by libsndfile from what is there.
    guard format.frames <= samples.count || format.frames == SF_COUNT_MAX_VALUE else {
      throw SpudError(
        .badData, "\(name): the sound is cut short: found \(samples.count) frames, expected \(format.frames)")
    }
    guard !samples.isEmpty else { throw SpudError(.badData, "\(name): the file holds no sound") }
    return Waveform(samples: samples, sampleRate: rate)
  }

  /// Appends the mean of the channels, clipped to −1…1.
  private static func mix(
    _ block: Span<Float>, frames: Int, channels: Int, name: String, into samples: inout [Float]
  ) throws {
    let share = 1 / Float(channels)
    for frame in 0..<frames {
      var sum: Float = 0
      for channel in 0..<channels { sum += block[frame * channels + channel] }
      guard sum.isFinite else {
        throw SpudError(.badData, "\(name): sample \(samples.count) is not a finite number")
      }
      samples.append(min(max(sum * share, -1), 1))
    }
  }
}

/// libsndfile's way to say that it does not know how many frames there are (`SF_COUNT_MAX`, a macro with a cast).
private let SF_COUNT_MAX_VALUE = sf_count_t.max

/// An encoded file in memory, as libsndfile's callbacks see it.
private final class MemorySource {
  private let bytes: [UInt8]
  private(set) var position: sf_count_t = 0

  var count: sf_count_t { sf_count_t(bytes.count) }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  static func at(_ user: UnsafeMutableRawPointer?) -> MemorySource {
    guard let user = unsafe user else { preconditionFailure("libsndfile lost its user data") }
    // SAFETY: the only user data ever given is a `MemorySource` that the caller keeps alive.
    return unsafe Unmanaged<MemorySource>.fromOpaque(user).takeUnretainedValue()
  }

  func seek(_ offset: sf_count_t, _ whence: Int32) -> sf_count_t {
    let origin =
      switch Int(whence) {
      case SF_SEEK_CUR: position
      case SF_SEEK_END: count
      default: sf_count_t(0)
      }
    let (sum, overflow) = origin.addingReportingOverflow(offset)
    guard !overflow, sum >= 0 else { return -1 }
    position = sum
    return position
  }

  func read(into target: UnsafeMutableRawPointer?, _ wanted: sf_count_t) -> sf_count_t {
    guard let target = unsafe target, position < count else { return 0 }
    let available = min(max(wanted, 0), count - position)
    unsafe bytes.withUnsafeBytes { buffer in
      // SAFETY: `position` + `available` ≤ `count`; libsndfile asked for at least `available` bytes in `target`.
      unsafe target.copyMemory(from: buffer.baseAddress! + Int(position), byteCount: Int(available))
    }
    position += available
    return available
  }
}
