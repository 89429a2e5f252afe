internal import CSampleRate
import SpudErrors

/// Converts one channel to another rate, block by block, by libsamplerate's medium sinc converter (121 dB of signal
/// to noise, 90 % of the bandwidth). Safe: it owns its converter, which no one else sees and which lives as long as it.
@safe final class Resampler {
  private let state: OpaquePointer
  private let ratio: Double
  private var receivedCount = 0
  private var block = [Float](repeating: 0, count: 4_096)

  /// - Throws: `badData` if the rates are more than 256 times apart.
  init(from oldRate: Int, to newRate: Int) throws {
    ratio = Double(newRate) / Double(max(oldRate, 1))
    guard oldRate > 0, newRate > 0, src_is_valid_ratio(ratio) != 0 else {
      throw SpudError(
        .badData, "sound at \(oldRate) Hz cannot be resampled to \(newRate) Hz: rates may differ 256-fold")
    }
    var status: Int32 = 0
    guard let state = unsafe src_new(Int32(SRC_SINC_MEDIUM_QUALITY), 1, &status) else {
      throw Self.failure(status)
    }
    unsafe self.state = state
  }

  deinit { unsafe src_delete(state) }

  /// Converts the next samples and appends what they give to `output`.
  func append(_ samples: [Float], to output: inout [Float]) throws {
    receivedCount += samples.count
    try process(samples, isLast: false, into: &output)
  }

  /// Appends what is left.
  ///
  /// - Parameter start: where in `output` the converted sound began. From there on it gets its duration times
  ///   the new rate of samples, rounded to nearest.
  func finish(_ output: inout [Float], from start: Int) throws {
    try process([], isLast: true, into: &output)
    let expected = start + Int((Double(receivedCount) * ratio).rounded())
    if output.count > expected { output.removeLast(output.count - expected) }
    output += repeatElement(0, count: expected - output.count)
  }

  private func process(_ samples: [Float], isLast: Bool, into output: inout [Float]) throws {
    var used = 0
    while true {
      var request = unsafe SRC_DATA()
      let status = unsafe samples.withUnsafeBufferPointer { source in
        unsafe block.withUnsafeMutableBufferPointer { target in
          // SAFETY: `used` is at most the count of the source, and both pointers are valid for the counts given with
          // them, one channel each. An empty array has no address, for which an offset of 0 is none either.
          unsafe request.data_in = source.baseAddress.map { unsafe $0 + used } ?? UnsafePointer(target.baseAddress)
          unsafe request.input_frames = source.count - used
          unsafe request.data_out = target.baseAddress
          unsafe request.output_frames = target.count
          unsafe request.src_ratio = ratio
          unsafe request.end_of_input = isLast ? 1 : 0
          return unsafe src_process(state, &request)
        }
      }
      guard status == 0 else { throw Self.failure(status) }
      used += unsafe request.input_frames_used
      let made = unsafe Int(request.output_frames_gen)
      // The steep filter rings at sudden changes, beyond the range that samples have.
      for sample in block.prefix(made) { output.append(min(max(sample, -1), 1)) }
      if made == 0, used == samples.count { return }
    }
  }

  private static func failure(_ status: Int32) -> SpudError {
    SpudError(.internal, "resampling failed: libsamplerate's error \(status)")
  }
}
