internal import CSndfile
import SpudErrors
internal import Synchronization

extension Waveform {
  /// Decodes WAV, FLAC, OGG and MP3, at the rate of the file. The rarer formats that libsndfile also knows are
  /// left alone: their readers are less well tried against hostile files.
  ///
  /// - Returns: nil if the file is of another format, or holds an encoding that libsndfile lacks.
  static func decodeBySndfile(_ bytes: [UInt8], name: String, limits: MediaLimits) throws -> Waveform? {
    guard let kind = SoundKind(bytes) else { return nil }
    switch kind {
    case .wav: try checkRIFFLengths(bytes, name: name)
    case .ogg: try StreamFraming.checkOgg(bytes, name: name)
    case .mp3: guard try StreamFraming.checkMPEG(bytes, name: name) else { return nil }
    case .flac: break
    }
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
      var opened: OpaquePointer?
      let (status, reason) = opening.withLock { _ in
        unsafe opened = sf_open_virtual(&callbacks, Int32(SFM_READ), &format, user)
        return unsafe (Int(sf_error(nil)), String(cString: sf_strerror(nil)))
      }
      guard let file = unsafe opened else {
        if status == SF_ERR_UNSUPPORTED_ENCODING { return nil }
        throw SpudError(.badData, "\(name): the \(kind.rawValue) is damaged or cut short: libsndfile says '\(reason)'")
      }
      defer { unsafe sf_close(file) }
      return try unsafe decode(file, format, name: name, limits: limits)
    }
  }

  /// libsndfile keeps the reason why a file did not open in one place for the whole process.
  private static let opening = Mutex(())

  private static func decode(
    _ file: OpaquePointer, _ format: SF_INFO, name: String, limits: MediaLimits
  ) throws -> Waveform {
    let (rate, channels) = (Int(format.samplerate), Int(format.channels))
    guard limits.audioRates.contains(rate) else {
      throw SpudError(
        .badData,
        "\(name): the sample rate is \(rate) Hz, "
          + "expected \(limits.audioRates.lowerBound) to \(limits.audioRates.upperBound)")
    }
    guard (1...limits.audioChannels).contains(channels) else {
      throw SpudError(.badData, "\(name): the sound has \(channels) channels, expected 1 to \(limits.audioChannels)")
    }
    let most = Int(limits.audioSeconds * Double(rate))
    var samples: [Float] = []
    // The header's count is only a hint: it may lie.
    samples.reserveCapacity(min(max(Int(format.frames), 0), most, 1 << 20))
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
    // The header's count, where there is one; the largest number stands for none.
    guard format.frames <= samples.count || format.frames == .max else {
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
      // SAFETY: libsndfile asked for at least `available` bytes in `target`.
      let piece = unsafe UnsafeRawBufferPointer(rebasing: buffer[Int(position)..<Int(position + available)])
      unsafe UnsafeMutableRawBufferPointer(start: target, count: piece.count).copyMemory(from: piece)
    }
    position += available
    return available
  }
}
