internal import FoundationEssentials
import SpudErrors

/// Moving pictures, with their sound if there is any.
public struct VideoClip: Sendable, Equatable {
  public var frames: [RGBImage]
  public var framesPerSecond: Double
  /// At 16 kHz, starting with the first frame.
  public var audio: Waveform?

  public init(frames: [RGBImage], framesPerSecond: Double, audio: Waveform? = nil) {
    self.frames = frames
    self.framesPerSecond = framesPerSecond
    self.audio = audio
  }

  /// Reads a clip: a file through `ffmpeg`, or a directory of frames.
  ///
  /// A directory holds one PNG for each frame, shown in the order of their names and of one size; `audio.wav`
  /// (or `audio.` of another kind) if it has sound; and `video.json`, `{"frames_per_second": 4}`, if its rate is not
  /// `framesPerSecond`.
  ///
  /// A clip of more frames than `limits` allow is thinned evenly, and its `framesPerSecond` says so: the rate is
  /// halved until the frames fit.
  ///
  /// - Parameters:
  ///   - path: of the file or the directory.
  ///   - limits: what it may hold.
  ///   - framesPerSecond: the rate at which a file is sampled, and that of a directory that names none.
  ///   - remarks: gains a sentence for each part of the clip that is missing or cannot be read; what is there is
  ///     returned.
  /// - Throws: `noInput`, `badData`, `io`, or `unavailable` if it needs `ffmpeg` and that is not installed.
  public static func load(
    path: String, limits: MediaLimits = .default, framesPerSecond: Double = 4, remarks: inout [String]
  ) throws -> VideoClip {
    precondition(isPossible(framesPerSecond), "\(framesPerSecond) frames per second are not possible")
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      if let names = try MediaFile.packedNames(in: path) {
        return try loadDirectory(
          path, holding: names, limits: limits, framesPerSecond: framesPerSecond, remarks: &remarks)
      }
      throw SpudError(.noInput, "\(path): no such file or directory")
    }
    if isDirectory {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        throw SpudError(.noInput, "\(path): the directory cannot be read")
      }
      return try loadDirectory(
        path, holding: names.sorted(), limits: limits, framesPerSecond: framesPerSecond, remarks: &remarks)
    }

    let bytes = try MediaFile.read(path, limit: limits.videoBytes)
    let ffmpeg = try FFmpeg(for: path, found: "video", limits: limits)
    var found: [String] = []
    let (frames, rate) = try ffmpeg.frames(bytes, framesPerSecond: framesPerSecond, limits: limits, remarks: &found)
    var collector = SoundCollector(name: path, limits: limits)
    var soundRemarks: [String] = []
    let hasSound = try ffmpeg.sound(of: .video, bytes, into: &collector, limits: limits, remarks: &soundRemarks)
    // Of a file that is cut short, one remark is enough.
    if found.isEmpty { found = soundRemarks }
    if found.isEmpty, let missing = missingEnd(of: bytes) {
      let seconds = Remarks.seconds(Double(frames.count) / rate)
      found = ["\(path): the video is cut short: \(missing), and hold \(seconds) seconds"]
    }
    remarks += found
    return VideoClip(
      frames: frames, framesPerSecond: rate, audio: hasSound ? Waveform(samples: collector.samples) : nil)
  }

  /// Reads a clip, all of which must be whole.
  public static func load(
    path: String, limits: MediaLimits = .default, framesPerSecond: Double = 4
  ) throws -> VideoClip {
    try Remarks.refused {
      try load(path: path, limits: limits, framesPerSecond: framesPerSecond, remarks: &$0)
    }
  }

  /// What is missing of kinds of file at whose early end `ffmpeg` does not complain.
  private static func missingEnd(of bytes: [UInt8]) -> String? {
    if bytes.hasTag("RIFF", at: 0), let length = bytes.littleEndian(at: 4, bytes: 4),
      bytes.count - 8..<0x7FFF_F000 ~= length - 1
    {
      return "only \(bytes.count) of the \(length + 8) bytes announced are there"
    }
    let isOpenGIF = bytes.hasTag("GIF8", at: 0) && bytes.last { $0 != 0 } != 0x3B
    return isOpenGIF ? "the \(bytes.count) bytes that are there lack the end mark" : nil
  }

  private static func loadDirectory(
    _ path: String, holding names: [String], limits: MediaLimits, framesPerSecond: Double, remarks: inout [String]
  ) throws -> VideoClip {
    // Hidden files are none of the clip's: macOS leaves "._001.png" beside "001.png" on disks of other systems.
    let names = names.filter { !$0.hasPrefix(".") }
    let pictures = names.filter { $0.hasSuffix(".png") }
    guard !pictures.isEmpty else { throw SpudError(.badData, "\(path): found no .png frames in the directory") }
    let rate = names.contains("video.json") ? try readRate("\(path)/video.json") : framesPerSecond
    guard Double(pictures.count) / rate <= limits.videoSeconds else {
      throw SpudError(
        .badData,
        "\(path): \(pictures.count) frames at \(rate) a second last longer "
          + "than the \(limits.videoSeconds) seconds accepted")
    }
    var step = 1
    while (pictures.count + step - 1) / step > max(limits.videoFrames, 1) { step *= 2 }
    let kept = stride(from: 0, to: pictures.count, by: step).map { "\(path)/\(pictures[$0])" }
    let frames = try loadFrames(kept, limits: limits, remarks: &remarks)
    var soundLimits = limits
    soundLimits.audioSeconds = min(limits.audioSeconds, limits.videoSeconds)
    let audio = try names.first { $0.hasPrefix("audio.") }
      .map { try Waveform.load(path: "\(path)/\($0)", limits: soundLimits, remarks: &remarks) }
    return VideoClip(frames: frames, framesPerSecond: rate / Double(step), audio: audio)
  }

  /// The frames of a directory, which are of one size. They are reduced one by one: all at their full size might not
  /// fit in memory.
  private static func loadFrames(
    _ pictures: [String], limits: MediaLimits, remarks: inout [String]
  ) throws -> [RGBImage] {
    var frames: [RGBImage] = []
    var size: (width: Int, height: Int)?
    var byteCount = 0
    for picture in pictures {
      let bytes = try MediaFile.read(picture, limit: limits.imageBytes)
      byteCount += bytes.count
      guard byteCount <= limits.videoBytes else {
        throw SpudError(
          .badData,
          "\(picture): the frames up to this one hold \(byteCount) bytes, but at most \(limits.videoBytes) "
            + "are accepted")
      }
      let frame = try RGBImage.decode(bytes, name: picture, limits: limits, remarks: &remarks)
      let expected = size ?? (frame.width, frame.height)
      guard (frame.width, frame.height) == expected else {
        throw SpudError(
          .badData,
          "\(picture): the frame is \(frame.width)×\(frame.height), expected \(expected.width)×\(expected.height) "
            + "as in \(pictures[0])")
      }
      size = expected
      frames.append(frame.reduced(toSide: limits.videoFrameSide))
    }
    return frames
  }

  private struct Description: Decodable {
    var framesPerSecond: Double
    enum CodingKeys: String, CodingKey { case framesPerSecond = "frames_per_second" }
  }

  private static func readRate(_ path: String) throws -> Double {
    let bytes = try MediaFile.read(path, limit: 1 << 16)
    guard let description = try? JSONDecoder().decode(Description.self, from: Data(bytes)) else {
      throw SpudError(.badData, "\(path): expected a JSON object with the number 'frames_per_second'")
    }
    guard isPossible(description.framesPerSecond) else {
      throw SpudError(
        .badData, "\(path): 'frames_per_second' is \(description.framesPerSecond), expected 0.001 to 1000")
    }
    return description.framesPerSecond
  }

  private static func isPossible(_ rate: Double) -> Bool {
    (0.001...1_000).contains(rate)
  }
}
