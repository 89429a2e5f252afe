extension Waveform {
  /// The sound at another rate, by `Resampler`. Its number of samples is its duration times the rate, rounded to
  /// nearest.
  ///
  /// - Throws: `badData` if the rates are more than 256 times apart.
  public func resampled(to rate: Int) throws -> Waveform {
    guard rate != sampleRate, !samples.isEmpty else { return Waveform(samples: samples, sampleRate: max(rate, 1)) }
    let resampler = try Resampler(from: sampleRate, to: rate)
    var output: [Float] = []
    output.reserveCapacity(Int(Double(samples.count) * Double(rate) / Double(sampleRate)) + 1)
    try resampler.append(samples, to: &output)
    try resampler.finish(&output, from: 0)
    return Waveform(samples: output, sampleRate: rate)
  }
}
