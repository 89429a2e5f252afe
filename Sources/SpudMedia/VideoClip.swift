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

  /// Reads a clip.
  ///
  /// A directory holds one PNG for each frame, shown in the order of their names; `audio.wav` if it has
  /// sound; and `video.json`, `{"frames_per_second": 4}`, if its rate is not `framesPerSecond`.
  ///
  /// - Throws: `noInput`, `badData`, `io`, or `unavailable` if it needs `ffmpeg` and that is not installed.
  public static func load(
    path: String, limits: MediaLimits = .default, framesPerSecond: Double = 4
  ) throws -> VideoClip {
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw SpudError(.noInput, "\(path): no such file or directory")
    }
    guard isDirectory else { throw SpudError(.badData, "\(path): expected a directory of PNG frames") }
    return try loadDirectory(path, limits: limits, framesPerSecond: framesPerSecond)
  }

  static func loadDirectory(_ path: String, limits: MediaLimits, framesPerSecond: Double) throws -> VideoClip {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
      throw SpudError(.noInput, "\(path): the directory cannot be read")
    }
    let pictures = names.filter { $0.hasSuffix(".png") }
    guard !pictures.isEmpty else { throw SpudError(.badData, "\(path): found no .png frames in the directory") }
    guard pictures.count <= limits.videoFrames else {
      throw SpudError(
        .badData, "\(path): the clip has \(pictures.count) frames, but at most \(limits.videoFrames) are accepted")
    }
    var rate = framesPerSecond
    if names.contains("video.json") { rate = try readRate("\(path)/video.json") }
    let frames = try pictures.map { try RGBImage.load(path: "\(path)/\($0)", limits: limits) }
    let odd = frames.firstIndex { $0.width != frames[0].width || $0.height != frames[0].height }
    if let odd {
      throw SpudError(
        .badData,
        "\(path)/\(pictures[odd]): the frame is \(frames[odd].width)×\(frames[odd].height), "
          + "but the first is \(frames[0].width)×\(frames[0].height)")
    }
    guard Double(frames.count) / rate <= limits.videoSeconds else {
      throw SpudError(.badData, "\(path): the clip lasts longer than the \(limits.videoSeconds) seconds accepted")
    }
    var soundLimits = limits
    soundLimits.audioSeconds = min(limits.audioSeconds, limits.videoSeconds)
    let audio = names.contains("audio.wav") ? try Waveform.load(path: "\(path)/audio.wav", limits: soundLimits) : nil
    return VideoClip(frames: frames, framesPerSecond: rate, audio: audio)
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
    guard description.framesPerSecond > 0, description.framesPerSecond <= 1_000 else {
      throw SpudError(
        .badData, "\(path): 'frames_per_second' is \(description.framesPerSecond), expected above 0 and at most 1000")
    }
    return description.framesPerSecond
  }
}
