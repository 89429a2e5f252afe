import SpudErrors

/// Sound as it is decoded: mixed into one channel, resampled to the standard rate, and counted, so that a file cannot
/// decode to more than the limits allow, whatever its header says.
struct SoundCollector {
  /// `[count]` at `Waveform.standardRate`.
  private(set) var samples: [Float] = []
  private let name: String
  private let limits: MediaLimits
  private var recordingCount = 0
  /// Samples of all channels decoded so far.
  private var decodedCount = 0
  /// Seconds of the recordings before the one at hand.
  private var secondsBefore = 0.0

  private var format: (rate: Int, channels: Int)?
  private var frameCount = 0
  private var start = 0
  private var resampler: Resampler?

  /// - Parameter name: what errors call the file.
  init(name: String, limits: MediaLimits) {
    self.name = name
    self.limits = limits
  }

  /// Starts a recording, after what has been collected.
  ///
  /// - Throws: `badData` if there are too many, or if its rate or number of channels is outside the limits.
  mutating func begin(rate: Int, channels: Int) throws {
    recordingCount += 1
    guard recordingCount <= limits.audioRecordings else {
      throw SpudError(
        .badData, "\(name): the file holds more than the \(limits.audioRecordings) recordings in a row accepted")
    }
    guard limits.audioRates.contains(rate) else {
      throw SpudError(
        .badData,
        "\(name): the sample rate is \(rate) Hz, "
          + "expected \(limits.audioRates.lowerBound) to \(limits.audioRates.upperBound)")
    }
    guard (1...limits.audioChannels).contains(channels) else {
      throw SpudError(.badData, "\(name): the sound has \(channels) channels, expected 1 to \(limits.audioChannels)")
    }
    (format, frameCount, start) = ((rate, channels), 0, samples.count)
    resampler = rate == Waveform.standardRate ? nil : try Resampler(from: rate, to: Waveform.standardRate)
  }

  /// Takes the next frames of the recording: the mean of the channels, clipped to −1…1.
  ///
  /// - Parameter block: `[frames, channels]`; what comes after is not read.
  mutating func append(_ block: Span<Float>, frames: Int) throws {
    guard let (rate, channels) = format else { preconditionFailure("sound that has not begun") }
    decodedCount += frames * channels
    guard decodedCount <= limits.audioSamples else {
      throw SpudError(
        .badData, "\(name): the sound decodes to more than the \(limits.audioSamples) samples of all channels accepted")
    }
    let seconds = secondsBefore + Double(frameCount + frames) / Double(rate)
    guard seconds <= limits.audioSeconds else {
      throw SpudError(.badData, "\(name): the sound lasts longer than the \(limits.audioSeconds) seconds accepted")
    }
    var mixed: [Float] = []
    mixed.reserveCapacity(frames)
    let share = 1 / Float(channels)
    for frame in 0..<frames {
      var sum: Float = 0
      for channel in 0..<channels { sum += block[frame * channels + channel] }
      guard sum.isFinite else {
        throw SpudError(.badData, "\(name): sample \(frameCount + frame) is not a finite number")
      }
      mixed.append(min(max(sum * share, -1), 1))
    }
    frameCount += frames
    if let resampler { try resampler.append(mixed, to: &samples) } else { samples += mixed }
  }

  /// Ends the recording.
  ///
  /// - Returns: how many frames it had.
  @discardableResult
  mutating func end() throws -> Int {
    if let format { secondsBefore += Double(frameCount) / Double(format.rate) }
    if let resampler, frameCount > 0 { try resampler.finish(&samples, from: start) }
    (format, resampler) = (nil, nil)
    return frameCount
  }
}
