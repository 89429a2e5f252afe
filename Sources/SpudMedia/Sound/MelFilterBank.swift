import Glibc

/// Triangular bands on Slaney's mel scale, each of unit area, over the bins of a power spectrum.
///
/// Source: M. Slaney, Auditory Toolbox, Interval Research report 1998-010: linear below 1 kHz
/// (3 mel per 200 Hz), logarithmic above (27 mel per factor of 6.4).
struct MelFilterBank: Sendable {
  /// The bins that each band covers.
  let bins: [Range<Int>]  // [bands]
  /// The weights of those bins, band after band.
  let weights: [Float]
  /// Bins of the spectrum: half a frame, and one.
  let binCount: Int
  private let starts: [Int]  // [bands], into `weights`

  /// 80 bands from 0 to 8 kHz over the 201 bins of a 400-sample frame at 16 kHz.
  static let whisper = MelFilterBank(
    bandCount: LogMel.bandCount, frameLength: LogMel.frameLength, sampleRate: LogMel.sampleRate)

  init(bandCount: Int, frameLength: Int, sampleRate: Int) {
    let nyquist = Double(sampleRate) / 2
    let highest = Self.mel(ofHertz: nyquist)
    let edges = (0..<bandCount + 2).map { Self.hertz(ofMel: highest * Double($0) / Double(bandCount + 1)) }
    let binWidth = Double(sampleRate) / Double(frameLength)
    binCount = frameLength / 2 + 1
    var (bins, weights, starts): ([Range<Int>], [Float], [Int]) = ([], [], [])
    for band in 0..<bandCount {
      let (low, center, high) = (edges[band], edges[band + 1], edges[band + 2])
      let values = (0...frameLength / 2).map { bin -> Double in
        let frequency = Double(bin) * binWidth
        let height = min((frequency - low) / (center - low), (high - frequency) / (high - center))
        return max(0, height) * 2 / (high - low)
      }
      let first = values.firstIndex { $0 > 0 } ?? 0
      let end = values.lastIndex { $0 > 0 }.map { $0 + 1 } ?? 0
      bins.append(first..<end)
      starts.append(weights.count)
      weights += values[first..<end].map(Float.init)
    }
    (self.bins, self.weights, self.starts) = (bins, weights, starts)
  }

  /// The weighted sum of `power` over one band.
  func energy(in band: Int, _ power: [Float]) -> Float {
    var place = starts[band]
    var sum: Float = 0
    for bin in bins[band] {
      sum += weights[place] * power[bin]
      place += 1
    }
    return sum
  }

  /// Adds `amount` times the weights of one band to the bins that it covers.
  func spread(_ amount: Float, of band: Int, into power: inout [Float]) {
    var place = starts[band]
    for bin in bins[band] {
      power[bin] += weights[place] * amount
      place += 1
    }
  }

  private static let (breakHertz, breakMel, logStep) = (1_000.0, 15.0, log(6.4) / 27)

  private static func mel(ofHertz frequency: Double) -> Double {
    frequency < breakHertz ? frequency * 3 / 200 : breakMel + log(frequency / breakHertz) / logStep
  }

  private static func hertz(ofMel mel: Double) -> Double {
    mel < breakMel ? mel * 200 / 3 : breakHertz * exp(logStep * (mel - breakMel))
  }
}
