import Glibc

extension LogMel {
  /// Makes sound whose log-mel spectrogram is close to the one given.
  ///
  /// Bands become bins by non-negative least squares. Phases start as those of steady partials at the spectrum's
  /// peaks, and are then improved by Griffin and Lim's iteration with momentum. In the last quarter of the
  /// iterations only the bands' powers are held, no longer the bins': bands are all that is known, and a bin's share
  /// of its band is then settled by what some signal can have.
  ///
  /// The same input gives the same samples. Sources: D. Griffin and J. Lim, "Signal estimation from modified
  /// short-time Fourier transform", 1984; N. Perraudin, P. Balazs and P. Søndergaard, "A fast Griffin-Lim algorithm",
  /// 2013; G. Beauregard, M. Harish and L. Wyse, "Single pass spectrogram inversion", 2015.
  ///
  /// - Parameters:
  ///   - logMel: `[frames, 80]`, as from `spectrogram`; values are taken as −10…8, and NaN as silence.
  ///   - iterations: each costs two Fourier transforms a frame.
  /// - Returns: frames · 160 samples at 16 kHz, −1…1.
  /// - Precondition: `logMel.count` is a multiple of 80.
  public static func invert(_ logMel: [Float], iterations: Int = 32) -> [Float] {
    precondition(logMel.count % bandCount == 0, "\(logMel.count) values are not [frames, \(bandCount)]")
    guard !logMel.isEmpty else { return [] }
    let bands = logMel.map { pow(10, $0.isNaN ? -10 : min(max($0, -10), 8)) }
    var search = PhaseSearch(bands: bands)
    let count = max(iterations, 0)
    for iteration in 0..<count { search.refine(holding: iteration < count - count / 4 ? .bins : .bands) }
    return search.samples()
  }
}

extension MelFilterBank {
  /// The non-negative power spectrum whose bands have the powers given, by Lee and Seung's multiplicative updates:
  ///
  ///     p ← p · (Wᵀ m) / (Wᵀ W p)
  ///
  /// A few updates leave the spectrum smooth within a band; the exact solution would be spikes.
  ///
  /// - Parameter bands: `[bands]` powers.
  /// - Returns: `[bins]`.
  func power(ofBands bands: ArraySlice<Float>) -> [Float] {
    var target = [Float](repeating: 0, count: binCount)
    for (band, energy) in bands.enumerated() { spread(energy, of: band, into: &target) }
    var power = target
    var estimate = target
    for _ in 0..<20 {
      for bin in 0..<binCount { estimate[bin] = 0 }
      for band in bins.indices { spread(energy(in: band, power), of: band, into: &estimate) }
      for bin in 0..<binCount where estimate[bin] > 0 { power[bin] *= target[bin] / estimate[bin] }
    }
    return power
  }
}
