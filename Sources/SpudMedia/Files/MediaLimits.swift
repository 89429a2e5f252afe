/// The most that one picture, recording or clip may take.
///
/// Encoded sizes are checked before a file is read, picture sides as soon as the header is known and
/// before pixels are allocated, and durations while decoding: a file that lies in its header runs into
/// the same limit.
public struct MediaLimits: Sendable, Equatable {
  /// Bytes of one encoded picture.
  public var imageBytes = 10 << 20
  /// Pixels along the longer side of a picture or video frame.
  public var imageSide = 8_192
  /// Pixels of one picture or video frame: width · height.
  public var imagePixels = 16 << 20
  /// Seconds that `ffmpeg` may work on one picture.
  public var imageDecodingSeconds = 5.0

  /// Bytes of one encoded recording.
  public var audioBytes = 25 << 20
  /// Seconds of decoded sound.
  public var audioSeconds = 600.0
  /// Samples decoded, of all channels together: what ten minutes of six channels at 48 kHz have.
  public var audioSamples = 600 * 6 * 48_000
  /// Recordings that follow one another in a file.
  public var audioRecordings = 1_000
  /// Samples per second, before resampling.
  public var audioRates = 8_000...192_000
  /// Channels, before they are mixed into one.
  public var audioChannels = 8
  /// Seconds that `ffmpeg` may work on one recording.
  public var audioDecodingSeconds = 30.0

  /// Bytes of one encoded video; of a directory, the frames kept count together.
  public var videoBytes = 64 << 20
  /// Frames kept of a video; of one that has more, evenly spaced ones are kept.
  public var videoFrames = 32
  /// Pixels along the longer side of a kept frame; larger ones are reduced.
  public var videoFrameSide = 1_024
  /// Seconds of video.
  public var videoSeconds = 120.0
  /// Seconds that `ffmpeg` may work on one video.
  public var videoDecodingSeconds = 60.0

  /// Directories, separated by colons, in which `ffmpeg` is looked for; nil means those of `PATH`.
  public var programSearchPath: String?

  public static let `default` = MediaLimits()

  public init() {}
}
