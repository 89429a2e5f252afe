internal import CSampleRate
import SpudErrors

extension Waveform {
  /// The sound at another rate, by libsamplerate's medium sinc converter (121 dB of signal to noise,
  /// 90 % of the bandwidth). As many samples as the duration asks for, rounded to nearest.
  ///
  /// - Throws: `badData` if the rates are more than 256 times apart.
  public func resampled(to rate: Int) throws -> Waveform {
    guard rate != sampleRate, !samples.isEmpty else { return Waveform(samples: samples, sampleRate: max(rate, 1)) }
    let ratio = Double(rate) / Double(sampleRate)
    guard rate > 0, src_is_valid_ratio(ratio) != 0 else {
      throw SpudError(
        .badData, "sound at \(sampleRate) Hz cannot be resampled to \(rate) Hz: rates may differ 256-fold")
    }
    let expected = Int((Double(samples.count) * ratio).rounded())
    var output = [Float](repeating: 0, count: expected)
    let status = unsafe samples.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        var request = unsafe SRC_DATA()
        unsafe request.data_in = source.baseAddress
        unsafe request.input_frames = source.count
        unsafe request.data_out = target.baseAddress
        unsafe request.output_frames = target.count
        unsafe request.src_ratio = ratio
        // SAFETY: both pointers are valid for the counts given with them, one channel each.
        return unsafe src_simple(&request, Int32(SRC_SINC_MEDIUM_QUALITY), 1)
      }
    }
    guard status == 0 else {
      throw SpudError(.internal, "resampling from \(sampleRate) to \(rate) Hz failed: libsamplerate's error \(status)")
    }
    // The steep filter rings at sudden changes, beyond the range that samples have.
    return Waveform(samples: output.map { min(max($0, -1), 1) }, sampleRate: rate)
  }
}
