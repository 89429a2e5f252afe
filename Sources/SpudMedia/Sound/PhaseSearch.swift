import Glibc

/// The search for a signal with given powers in its mel bands. See `LogMel.invert`.
struct PhaseSearch: ~Copyable {
  /// What a step leaves as it is.
  enum Held {
    case bins, bands
  }

  private let frameCount: Int
  private let binCount: Int
  private let transform = FourierTransform(length: LogMel.frameLength)
  private let bank = MelFilterBank.whisper
  private let bands: [Float]  // [frames, bands] powers
  private let magnitudes: [Float]  // [frames, bins]
  private let weight: [Float]  // [padded samples]: sum of squared windows
  private let reach: [Float]  // [bins]: sum of the bands' weights
  private var phased: [Complex]  // [frames, bins]: what is sought, with the present phases
  private var previous: [Complex]  // [frames, bins]: the spectrum of the last signal
  private var signal: [Float]  // [padded samples]
  private var frame = [Float](repeating: 0, count: LogMel.frameLength)
  private var spectrum: [Complex]  // [bins]
  private var power: [Float]  // [bins]
  private var gain: [Float]  // [bins]

  /// How far each step goes beyond where Griffin and Lim's would end; 1 is the edge of convergence.
  private static let momentum: Float = 0.99

  /// - Parameter bands: `[frames, 80]` powers; at least one frame.
  init(bands: [Float]) {
    self.bands = bands
    frameCount = bands.count / LogMel.bandCount
    binCount = transform.binCount
    let bank = MelFilterBank.whisper
    var magnitudes: [Float] = []
    var phases = PartialPhases(binCount: binCount)
    phased = []
    for frame in 0..<frameCount {
      let range = frame * LogMel.bandCount..<(frame + 1) * LogMel.bandCount
      let spectrum = bank.power(ofBands: bands[range]).map { $0.squareRoot() }
      phases.advance(to: spectrum)
      phased += zip(spectrum, phases.values).map { Complex(real: $0 * cos($1), imaginary: $0 * sin($1)) }
      magnitudes += spectrum
    }
    self.magnitudes = magnitudes
    previous = [Complex](repeating: .zero, count: magnitudes.count)
    spectrum = [Complex](repeating: .zero, count: binCount)
    power = [Float](repeating: 0, count: binCount)
    gain = [Float](repeating: 0, count: binCount)
    var reach = gain
    for band in 0..<LogMel.bandCount { bank.spread(1, of: band, into: &reach) }
    self.reach = reach
    var weight = [Float](repeating: 0, count: (frameCount - 1) * LogMel.hop + LogMel.frameLength)
    for frame in 0..<frameCount {
      for (offset, value) in LogMel.hannWindow.enumerated() { weight[frame * LogMel.hop + offset] += value * value }
    }
    self.weight = weight
    signal = weight
  }

  /// Replaces the phases by those of the signal that the present spectrum makes, and its magnitudes by those held.
  mutating func refine(holding held: Held) {
    synthesize()
    for index in 0..<frameCount {
      for offset in 0..<frame.count {
        frame[offset] = signal[index * LogMel.hop + offset] * LogMel.hannWindow[offset]
      }
      transform.transform(frame, into: &spectrum)
      let start = index * binCount
      for bin in 0..<binCount {
        let (now, before) = (spectrum[bin], previous[start + bin])
        previous[start + bin] = now
        spectrum[bin].real = now.real + Self.momentum * (now.real - before.real)
        spectrum[bin].imaginary = now.imaginary + Self.momentum * (now.imaginary - before.imaginary)
        power[bin] = spectrum[bin].power
      }
      switch held {
      case .bins:
        for bin in 0..<binCount { gain[bin] = magnitudes[start + bin] / max(power[bin].squareRoot(), 1e-16) }
      case .bands: gainForBands(of: index)
      }
      for bin in 0..<binCount {
        phased[start + bin] = Complex(
          real: spectrum[bin].real * gain[bin], imaginary: spectrum[bin].imaginary * gain[bin])
      }
    }
  }

  /// Each bin is scaled as its bands need on average, by their weights.
  private mutating func gainForBands(of index: Int) {
    for bin in 0..<binCount { gain[bin] = 0 }
    for band in 0..<LogMel.bandCount {
      let wanted = bands[index * LogMel.bandCount + band]
      bank.spread(wanted / max(bank.energy(in: band, power), 1e-20), of: band, into: &gain)
    }
    // The limit keeps a bin that happens to be empty from being blown up.
    for bin in 0..<binCount {
      gain[bin] = reach[bin] > 0 ? min(gain[bin] / reach[bin], 1e6).squareRoot() : 0
    }
  }

  /// The signal that the present spectrum makes, without the margin that centring the first frame needs.
  mutating func samples() -> [Float] {
    synthesize()
    let count = frameCount * LogMel.hop
    let samples = signal.dropFirst(LogMel.frameLength / 2).prefix(count).map { min(max($0, -1), 1) }
    // The frame that `spectrogram` drops would have covered the rest.
    return samples + [Float](repeating: 0, count: count - samples.count)
  }

  /// Overlaps and adds: the signal whose spectrogram is nearest to `phased`, in least squares.
  private mutating func synthesize() {
    for place in signal.indices { signal[place] = 0 }
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

/// Phases of a spectrum whose peaks are partials of steady frequency: from one frame to the next each turns by its
/// frequency times the hop, and carries the bins around it along.
private struct PartialPhases {
  /// Of the present frame, in radians.
  private(set) var values: [Float]  // [bins]

  init(binCount: Int) {
    values = [Float](repeating: 0, count: binCount)
  }

  /// - Parameter magnitudes: `[bins]`, of the next frame.
  mutating func advance(to magnitudes: [Float]) {
    let peaks = (1..<magnitudes.count - 1).filter {
      magnitudes[$0] > magnitudes[$0 - 1] && magnitudes[$0] >= magnitudes[$0 + 1]
    }
    var first = 0
    for (index, peak) in peaks.enumerated() {
      // A partial reaches to the valley before the next.
      let next = index + 1 < peaks.count ? peaks[index + 1] : magnitudes.count
      let end = next == magnitudes.count ? next : (peak..<next).min { magnitudes[$0] < magnitudes[$1] } ?? next
      let frequency = 2 * Float.pi * position(of: peak, in: magnitudes) / Float(LogMel.frameLength)
      let phase = (values[peak] + Float(LogMel.hop) * frequency).truncatingRemainder(dividingBy: 2 * .pi)
      // Measured from the start of the frame, neighbours under one peak of the window's spectrum are opposite.
      for bin in first..<end { values[bin] = (bin - peak) % 2 == 0 ? phase : phase + .pi }
      first = end
    }
  }

  /// The top of the parabola through a peak and its neighbours, in bins.
  private func position(of peak: Int, in magnitudes: [Float]) -> Float {
    let (left, top, right) = (magnitudes[peak - 1], magnitudes[peak], magnitudes[peak + 1])
    let curvature = left - 2 * top + right
    return curvature < 0 ? Float(peak) + 0.5 * (left - right) / curvature : Float(peak)
  }
}
