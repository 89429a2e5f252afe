import Glibc

/// Whisper's features: the logarithm of the power in 80 bands of pitch, every 10 ms of sound at 16 kHz.
///
/// Frames of 400 samples (25 ms), one every 160, centred and weighted by a periodic Hann window; the signal
/// is mirrored at its ends, and the last, half-empty frame is dropped. Bands are triangles on Slaney's mel
/// scale, each of unit area. As `transformers`' `WhisperFeatureExtractor` computes them, but without its
/// padding to 30 seconds.
public enum LogMel {
  public static let sampleRate = Waveform.standardRate
  /// Samples of one frame.
  public static let frameLength = 400
  /// Samples from one frame to the next.
  public static let hop = 160
  /// Bands of a frame.
  public static let bandCount = 80
  /// The least power that is told from silence; `spectrogram` never goes below its logarithm, −10.
  public static let floor: Float = 1e-10

  /// Computes `log10(max(power, 1e-10))` for every band of every frame.
  ///
  /// - Parameter samples: at 16 kHz.
  /// - Returns: `[frames, 80]`, with one frame for each whole hop: `samples.count / 160`.
  public static func spectrogram(_ samples: [Float]) -> [Float] {
    let frameCount = samples.count / hop
    let transform = FourierTransform(length: frameLength)
    let padded = mirrored(samples, by: frameLength / 2)
    var frame = [Float](repeating: 0, count: frameLength)
    var spectrum = [Complex](repeating: .zero, count: transform.binCount)
    var power = [Float](repeating: 0, count: transform.binCount)
    var result: [Float] = []  // [frames, 80]
    result.reserveCapacity(frameCount * bandCount)
    for index in 0..<frameCount {
      let start = index * hop
      for offset in 0..<frameLength { frame[offset] = padded[start + offset] * hannWindow[offset] }
      transform.transform(frame, into: &spectrum)
      for bin in 0..<power.count { power[bin] = spectrum[bin].power }
      for band in 0..<bandCount { result.append(log10(max(MelFilterBank.whisper.energy(in: band, power), floor))) }
    }
    return result
  }

  /// Whisper's own scaling of `spectrogram`'s result: the range of 8 below the largest value, to about −1…1.
  ///
  ///     y = (max(x, max(all x) − 8) + 4) / 4
  ///
  /// - Parameter spectrogram: `[frames, 80]`.
  public static func whisperNormalized(_ spectrogram: [Float]) -> [Float] {
    let lowest = (spectrogram.max() ?? 0) - 8
    return spectrogram.map { (max($0, lowest) + 4) / 4 }
  }

  /// `[400]`: periodic, so that shifted copies overlap evenly.
  static let hannWindow = (0..<frameLength).map { offset in
    Float(0.5 - 0.5 * cos(2 * .pi * Double(offset) / Double(frameLength)))
  }

  /// `samples` with `margin` more at each end, mirrored about the first and the last sample. A signal shorter
  /// than the margin is mirrored back and forth.
  private static func mirrored(_ samples: [Float], by margin: Int) -> [Float] {
    guard let last = samples.indices.last else { return [] }
    guard last > 0 else { return [Float](repeating: samples[0], count: 2 * margin + 1) }
    func reflected(_ position: Int) -> Float {
      let place = (position % (2 * last) + 2 * last) % (2 * last)
      return samples[place <= last ? place : 2 * last - place]
    }
    return (-margin..<0).map(reflected) + samples + (1...margin).map { reflected(last + $0) }
  }
}
