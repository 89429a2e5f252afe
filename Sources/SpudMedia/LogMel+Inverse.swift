import Glibc

extension LogMel {
  /// Makes sound whose log-mel spectrogram is close to the one given: powers by non-negative least squares,
  /// phases by Griffin and Lim's iteration.
  ///
  /// The same input gives the same samples. Iterations carry momentum (Perraudin, Balazs and Søndergaard,
  /// "A fast Griffin-Lim algorithm", 2013), so that 32 do what the plain method needs over a hundred for.
  ///
  /// - Parameters:
  ///   - logMel: `[frames, 80]`, as from `spectrogram`.
  ///   - iterations: each costs two Fourier transforms a frame.
  /// - Returns: frames · 160 samples at 16 kHz.
  /// - Precondition: `logMel.count` is a multiple of 80.
  public static func invert(_ logMel: [Float], iterations: Int = 32) -> [Float] {
    precondition(logMel.count % bandCount == 0, "\(logMel.count) values are not [frames, \(bandCount)]")
    let frameCount = logMel.count / bandCount
    guard frameCount > 0 else { return [] }
    let magnitudes = (0..<frameCount).flatMap { frame in
      magnitude(ofLogMel: logMel[frame * bandCount..<(frame + 1) * bandCount])
    }
    var search = PhaseSearch(magnitudes: magnitudes, frameCount: frameCount)
    for _ in 0..<max(iterations, 0) { search.refine() }
    return search.samples()
  }

  /// The non-negative spectrum whose bands have the powers given, by Lee and Seung's multiplicative updates:
  ///
  ///     p ← p · (Wᵀ m) / (Wᵀ W p)
  ///
  /// - Parameter logMel: `[80]`.
  /// - Returns: `[201]` magnitudes.
  private static func magnitude(ofLogMel logMel: ArraySlice<Float>) -> [Float] {
    let bank = MelFilterBank.whisper
    let binCount = frameLength / 2 + 1
    // A value beyond what 16-bit sound can reach would overflow; NaN is silence.
    let bands = logMel.map { pow(10, $0.isNaN ? -10 : min(max($0, -10), 8)) }
    var target = [Float](repeating: 0, count: binCount)
    for (band, energy) in bands.enumerated() { bank.spread(energy, of: band, into: &target) }
    var power = target
    var estimate = target
    for _ in 0..<20 {
      for bin in 0..<binCount { estimate[bin] = 0 }
      for band in bands.indices { bank.spread(bank.energy(in: band, power), of: band, into: &estimate) }
      for bin in 0..<binCount where estimate[bin] > 0 { power[bin] *= target[bin] / estimate[bin] }
    }
    return power.map { $0.squareRoot() }
  }
}

/// Griffin and Lim's search for phases that make a magnitude spectrogram the spectrogram of some signal.
private struct PhaseSearch: ~Copyable {
  private let magnitudes: [Float]      // [frames, bins]
  private let frameCount: Int
  private let transform = FourierTransform(length: LogMel.frameLength)
  private var phased: [Complex]        // [frames, bins]: magnitudes with the present phases
  private var previous: [Complex]      // [frames, bins]: what the last signal's spectrum was
  private var weight: [Float]          // [padded samples]: sum of squared windows
  private var signal: [Float]          // [padded samples]
  private var frame = [Float](repeating: 0, count: LogMel.frameLength)
  private var spectrum: [Complex]      // [bins]

  /// Above 0 extrapolates each step; 1 is the edge of convergence.
  private static let momentum: Float = 0.99

  init(magnitudes: [Float], frameCount: Int) {
    let binCount = transform.binCount
    precondition(magnitudes.count == frameCount * binCount)
    self.magnitudes = magnitudes
    self.frameCount = frameCount
    spectrum = [Complex](repeating: .zero, count: binCount)
    previous = [Complex](repeating: .zero, count: magnitudes.count)
    let length = (frameCount - 1) * LogMel.hop + LogMel.frameLength
    signal = [Float](repeating: 0, count: length)
    weight = [Float](repeating: 0, count: length)
    for frame in 0..<frameCount {
      for (offset, value) in LogMel.hannWindow.enumerated() { weight[frame * LogMel.hop + offset] += value * value }
    }
    var generator = SplitMix(state: 0)
    phased = magnitudes.map { magnitude in
      let angle = generator.next() * 2 * .pi
      return Complex(real: magnitude * cos(angle), imaginary: magnitude * sin(angle))
    }
  }

  /// Replaces the phases by those of the signal that the present ones make.
  mutating func refine() {
    synthesize()
    let binCount = spectrum.count
    for index in 0..<frameCount {
      for offset in 0..<frame.count {
        frame[offset] = signal[index * LogMel.hop + offset] * LogMel.hannWindow[offset]
      }
      transform.transform(frame, into: &spectrum)
      for bin in 0..<binCount {
        let place = index * binCount + bin
        let (now, before) = (spectrum[bin], previous[place])
        previous[place] = now
        let next = Complex(
          real: now.real + Self.momentum * (now.real - before.real),
          imaginary: now.imaginary + Self.momentum * (now.imaginary - before.imaginary))
        let scale = magnitudes[place] / max(next.power.squareRoot(), 1e-16)
        phased[place] = Complex(real: next.real * scale, imaginary: next.imaginary * scale)
      }
    }
  }

  /// The signal that the present phases make, without the margins that centring the first frame needs.
  mutating func samples() -> [Float] {
    synthesize()
    let margin = LogMel.frameLength / 2
    var samples = Array(signal.dropFirst(margin).prefix(frameCount * LogMel.hop))
    // The last frame that `spectrogram` drops would have covered the rest.
    samples += [Float](repeating: 0, count: frameCount * LogMel.hop - samples.count)
    return samples.map { min(max($0, -1), 1) }
  }

  /// Overlaps and adds: the signal whose spectrogram is nearest to `phased`, in least squares.
  private mutating func synthesize() {
    for place in signal.indices { signal[place] = 0 }
    let binCount = spectrum.count
    let scale = 1 / Float(LogMel.frameLength)
    for index in 0..<frameCount {
      for bin in 0..<binCount { spectrum[bin] = phased[index * binCount + bin] }
      transform.invert(spectrum, into: &frame)
      for offset in 0..<frame.count {
        signal[index * LogMel.hop + offset] += frame[offset] * LogMel.hannWindow[offset] * scale
      }
    }
    for place in signal.indices { signal[place] /= max(weight[place], 1e-3) }
  }
}

/// A small generator of reproducible noise: G. Steele et al., "Fast splittable pseudorandom number generators", 2014.
private struct SplitMix {
  var state: UInt64

  /// Uniform in 0..<1.
  mutating func next() -> Float {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float((mixed ^ (mixed >> 31)) >> 40) / Float(1 << 24)
  }
}
