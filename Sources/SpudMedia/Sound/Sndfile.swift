internal import CSndfile
import SpudErrors
internal import Synchronization

/// libsndfile: WAV, FLAC, OGG and MP3. The rarer formats that it also knows are left alone: their readers are less well
/// tried against hostile files.
enum Sndfile {
  enum Outcome: Equatable {
    case decoded
    /// An encoding that libsndfile lacks.
    case unsupported
    /// Nothing can be read, for the reason given.
    case damaged(String)
  }

  /// Decodes one recording into `collector`.
  ///
  /// - Parameters:
  ///   - kind: what the file is, for errors.
  ///   - remarks: gains a sentence if decoding stops before the end.
  static func decode(
    _ bytes: [UInt8], _ kind: SoundKind, name: String, into collector: inout SoundCollector, remarks: inout [String]
  ) throws -> Outcome {
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
        if status == SF_ERR_UNSUPPORTED_ENCODING { return .unsupported }
        return .damaged("\(name): the \(kind.rawValue) is damaged or cut short: libsndfile says '\(reason)'")
      }
      defer { unsafe sf_close(file) }
      try unsafe read(file, format, kind, name: name, into: &collector, remarks: &remarks)
      return .decoded
    }
  }

  /// libsndfile keeps the reason why a file did not open in one place for the whole process.
  private static let opening = Mutex(())

  private static func read(
    _ file: OpaquePointer, _ format: SF_INFO, _ kind: SoundKind, name: String, into collector: inout SoundCollector,
    remarks: inout [String]
  ) throws {
    let (rate, channels) = (Int(format.samplerate), Int(format.channels))
    try collector.begin(rate: rate, channels: channels)
    let blockFrames = 4_096
    var block = [Float](repeating: 0, count: blockFrames * channels)  // [blockFrames, channels]
    while true {
      let count = unsafe block.withUnsafeMutableBufferPointer { buffer in
        // SAFETY: the buffer holds `blockFrames` frames of `channels` samples.
        unsafe Int(sf_readf_float(file, buffer.baseAddress, sf_count_t(blockFrames)))
      }
      guard count > 0 else { break }
      try collector.append(block.span, frames: min(count, blockFrames))
    }
    let frameCount = try collector.end()
    // The header's count; the largest number means that there is none. That of an MP3 is an estimate.
    let announced = format.frames == .max || kind == .mp3 ? frameCount : Int(format.frames)
    func seconds(_ frames: Int) -> String { Remarks.seconds(Double(frames) / Double(rate)) }
    if frameCount < announced {
      remarks.append(
        "\(name): the \(kind.rawValue) is damaged or cut short: only \(seconds(frameCount)) of the "
          + "\(seconds(announced)) seconds announced can be read")
    } else if case let problem = unsafe sf_error(file), problem != 0 {
      let reason = unsafe String(cString: sf_error_number(problem))
      remarks.append(
        "\(name): the \(kind.rawValue) is damaged or cut short after \(seconds(frameCount)) seconds: "
          + "libsndfile says '\(reason)'")
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
      // SAFETY: libsndfile provides at least `available` bytes in `target`.
      let piece = unsafe UnsafeRawBufferPointer(rebasing: buffer[Int(position)..<Int(position + available)])
      unsafe UnsafeMutableRawBufferPointer(start: target, count: piece.count).copyMemory(from: piece)
    }
    position += available
    return available
  }
}
