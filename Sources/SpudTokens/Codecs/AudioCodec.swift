internal import Foundation
public import SpudErrors
package import SpudQuantizer
public import SpudMedia

/// A recording as codes: frames of 40 ms, each one code per level.
public struct AudioCodes: Sendable, Equatable {
  public let levels: Int
  public let codes: [Int32]  // [frames, levels], each in 0..<AudioCodec.codesPerLevel

  public var frames: Int { codes.count / levels }

  public init(levels: Int, codes: [Int32]) {
    precondition(levels > 0 && codes.count % levels == 0, "\(codes.count) codes do not make frames of \(levels)")
    self.levels = levels
    self.codes = codes
  }
}

/// Sound to codes and back: log-mel frames, four at a time, through a residual codebook; phase by Griffin-Lim.
///
/// Loudness is removed before coding: a recording is scaled so that its active parts have one level (`activeLevel`).
/// So a whisper into a distant microphone and a close shout spend the same codes on the same word, and nothing depends
/// on one loudest sample. Silence stays silence: gain is never more than `largestGain`.
public struct AudioCodec: Sendable {
  package let codebook: ResidualCodebook  // width melFramesPerFrame · bands, log₁₀ of mel power

  /// Samples a second that the codec works at.
  public static let sampleRate = 16_000
  /// Mel frames, of 10 ms each, in one coded frame.
  public static let melFramesPerFrame = 4
  public static let bands = 80
  /// Coded frames a second.
  public static let framesPerSecond = 25
  /// Samples in one coded frame.
  public static let samplesPerFrame = sampleRate / framesPerSecond
  /// The root mean square, where 1 is full scale, that the active parts of every recording are brought to.
  public static let activeLevel: Float = 0.08
  /// Seconds of sound that codes may stand for: as many as a recording may last.
  public static let longestSeconds = Int(MediaLimits.default.audioSeconds)
  /// No recording is amplified more than this: 40 dB.
  public static let largestGain: Float = 100
  /// Log-mel below this is inaudible beside active parts at `activeLevel`, and is coded as this.
  static let floor: Float = -5
  static let ceiling: Float = 5

  public var levels: Int { codebook.levels.count }
  public var codesPerLevel: Int { codebook.codesPerLevel }

  package init(codebook: ResidualCodebook) {
    precondition(codebook.width == Self.melFramesPerFrame * Self.bands, "frames of 4 × 80 mel bands")
    self.codebook = codebook
  }

  /// The codes of a recording; one shorter than a whole number of frames ends in silence.
  ///
  /// - Throws: `.badData` when the recording's rate cannot be converted.
  public func encode(_ waveform: Waveform) throws -> AudioCodes {
    AudioCodes(levels: levels, codes: codebook.encode(try Self.features(of: waveform)))
  }

  /// The sound that `audio` stands for, at 16 kHz.
  ///
  /// - Throws: `.badData` when a code is outside the codebook, the levels do not agree, or the sound is longer than
  ///   `longestSeconds`.
  public func decode(_ audio: AudioCodes) throws(SpudError) -> Waveform {
    guard audio.frames <= Self.longestSeconds * Self.framesPerSecond else {
      throw SpudError(
        .badData,
        "the sound has \(audio.frames) frames, but \(Self.longestSeconds * Self.framesPerSecond), which last "
          + "\(Self.longestSeconds) seconds, are the most accepted")
    }
    let features = try decodeFeatures(audio)
    var samples = LogMel.invert(features.values.map(Self.expanded), iterations: 48)
    // The inverse transform may come out a window longer or shorter; frames decide the length.
    let length = audio.frames * Self.samplesPerFrame
    samples = Array(samples.prefix(length)) + [Float](repeating: 0, count: max(0, length - samples.count))
    return Waveform(samples: samples.map { min(max($0, -1), 1) }, sampleRate: Self.sampleRate)
  }

  /// Log-mel near the floor, which stands for anything below it, made as quiet as silence is; the rest as it is.
  private static func expanded(_ value: Float) -> Float {
    let knee = floor + 0.5
    return value < knee ? knee - (knee - value) * 10 : value
  }

  /// The log-mel frames that `audio` stands for, `[frames, 4 · 80]`, which is `[4 · frames, 80]`.
  package func decodeFeatures(_ audio: AudioCodes) throws(SpudError) -> Matrix {
    guard audio.levels == levels else {
      throw SpudError(.badData, "the sound has \(audio.levels) codes a frame, but the codebook has \(levels) levels")
    }
    if let wrong = audio.codes.first(where: { $0 < 0 || $0 >= codesPerLevel }) {
      throw SpudError(.badData, "sound code \(wrong) is outside the codebook's 0..<\(codesPerLevel)")
    }
    return codebook.decode(audio.codes)
  }

  /// Log-mel frames as the codebook sees them: level normalized, floored, four to a row.
  ///
  /// - Returns: `[frames, 4 · 80]`.
  package static func features(of waveform: Waveform) throws -> Matrix {
    let resampled = waveform.sampleRate == sampleRate ? waveform : try waveform.resampled(to: sampleRate)
    let frames = (resampled.samples.count + samplesPerFrame - 1) / samplesPerFrame
    var samples = normalized(resampled.samples)
    samples += [Float](repeating: 0, count: frames * samplesPerFrame - samples.count)
    var mel = frames > 0 ? LogMel.spectrogram(samples) : []
    let width = melFramesPerFrame * bands
    mel = Array(mel.prefix(frames * width)) + [Float](repeating: floor, count: max(0, frames * width - mel.count))
    for index in mel.indices { mel[index] = min(max(mel[index], floor), ceiling) }
    return Matrix(rows: frames, columns: width, values: mel)
  }

  /// The samples scaled so that active stretches have the level `activeLevel`.
  ///
  /// Active are the blocks of 20 ms whose power is within 30 dB of the loudest block's.
  static func normalized(_ samples: [Float]) -> [Float] {
    let samples = samples.map { $0.isFinite ? $0 : 0 }
    let block = sampleRate / 50
    let powers = stride(from: 0, to: samples.count, by: block).map { start -> Float in
      let end = min(start + block, samples.count)
      return samples[start..<end].reduce(0) { $0 + $1 * $1 } / Float(end - start)
    }
    guard let loudest = powers.max(), loudest > 0 else {
      return [Float](repeating: 0, count: samples.count)
    }
    let active = powers.filter { $0 >= loudest / 1000 }
    let level = (active.reduce(0, +) / Float(active.count)).squareRoot()
    let gain = min(activeLevel / level, largestGain)
    return samples.map { $0 * gain }
  }
}

extension AudioCodec {
  /// How an audio codebook is fitted.
  public struct Recipe: Sendable {
    public var levels = 2
    public var codesPerLevel = 1024
    public var componentCount = 96
    public var iterations = 40
    public var seed: UInt64 = 1
    /// The most distinct frames that are learned from.
    public var frameLimit = 150_000

    public init() {}
  }

  /// Fits a codebook to the frames of recordings.
  ///
  /// - Parameters:
  ///   - recipe: the sizes of the codebook, and how long to search for it.
  ///   - progress: is told what is being done, in words.
  ///   - recordings: calls its argument with each recording until that answers false, which it does at
  ///     `frameLimit`; so they should come in random order.
  public static func fit(
    recipe: Recipe, progress: ((String) -> Void)? = nil, recordings: ((Waveform) throws -> Bool) throws -> Void
  ) throws -> AudioCodec {
    let width = melFramesPerFrame * bands
    // A byte a value: steps of 0.04 in log₁₀, a fraction of what a code of the last level errs by.
    let step = (ceiling - floor) / 255
    var distinct = DistinctPoints(width: width, limit: recipe.frameLimit)
    try recordings { recording in
      let features = try features(of: recording)
      for row in 0..<features.rows {
        distinct.insert(features[row: row].map { UInt8((($0 - floor) / step).rounded()) })
      }
      return !distinct.isFull
    }
    progress?("\(distinct.count) distinct frames")
    let (points, weights) = distinct.points { floor + Float($0) * step }
    let codebook = try ResidualCodebook.fit(
      points, weights: weights,
      recipe: .init(
        levels: recipe.levels, codesPerLevel: recipe.codesPerLevel, componentCount: recipe.componentCount,
        iterations: recipe.iterations, seed: recipe.seed),
      progress: progress)
    return AudioCodec(codebook: codebook)
  }

  /// Mean log-spectral distance of recordings from their codes' log-mel frames, before any phase is made up.
  public func logSpectralDistance(over recordings: [Waveform]) throws -> Double {
    var total = 0.0
    for recording in recordings {
      let features = try Self.features(of: recording)
      total += Self.logSpectralDistance(features, codebook.decode(codebook.encode(features)))
    }
    return recordings.isEmpty ? 0 : total / Double(recordings.count)
  }

  /// Log-spectral distance between two recordings' level-normalized log-mel frames, in decibels.
  ///
  ///     mean over mel frames of √(mean over bands of (10 · (a − b))²)
  ///
  /// - Returns: the distance over the frames that both have; 0 when there are none.
  public static func logSpectralDistance(_ a: Waveform, _ b: Waveform) throws -> Double {
    logSpectralDistance(try features(of: a), try features(of: b))
  }

  package static func logSpectralDistance(_ a: Matrix, _ b: Matrix) -> Double {
    let frames = min(a.values.count, b.values.count) / bands
    guard frames > 0 else { return 0 }
    var total = 0.0
    for frame in 0..<frames {
      var sum = 0.0
      for band in frame * bands..<(frame + 1) * bands {
        let difference = 10 * Double(a.values[band] - b.values[band])
        sum += difference * difference
      }
      total += (sum / Double(bands)).squareRoot()
    }
    return total / Double(frames)
  }
}
