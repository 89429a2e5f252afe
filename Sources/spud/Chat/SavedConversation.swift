internal import Foundation
internal import SpudErrors
internal import SpudMedia
internal import SpudSupport
internal import SpudTensors
internal import SpudTokens

/// A conversation as a file: JSON, with pictures as PNG and sounds as WAV, in base64.
enum SavedConversation {
  private static let version = 1

  /// - Throws: `SpudError` (`io`) when the file cannot be written.
  static func write(_ turns: [StreamTurn], to path: String) throws {
    let value = JSONValue.object(
      JSONObject([
        ("spud_conversation", .number(version)), ("turns", .array(try turns.map(json))),
      ]))
    try AtomicFile.write(value.serialized + [0x0A], to: path)
  }

  /// - Throws: `SpudError` (`badData`) naming what is wrong with the file.
  static func read(_ path: String) throws -> [StreamTurn] {
    let value = try JSONValue(contentsOf: path)
    guard value["spud_conversation"]?.int == version, let turns = value["turns"]?.array else {
      throw SpudError(.badData, "\(path): is no conversation of version \(version) that /save wrote")
    }
    return try turns.map { turn in
      guard let role = turn["role"]?.string.flatMap(Role.init), let parts = turn["parts"]?.array else {
        throw SpudError(.badData, "\(path): a turn has no role or no parts")
      }
      return StreamTurn(role, try parts.map { try part($0, path) })
    }
  }

  private static func json(_ turn: StreamTurn) throws -> JSONValue {
    .object(
      JSONObject([("role", .string(turn.role.rawValue)), ("parts", .array(try turn.parts.map(json)))]))
  }

  private static func json(_ part: StreamPart) throws -> JSONValue {
    let member: (String, JSONValue)
    switch part {
    case .text(let words): member = ("text", .string(words))
    case .thought(let words): member = ("thought", .string(words))
    case .image(let image): member = ("image", try json(image))
    case .audio(let sound): member = ("audio", try json(sound))
    case .video(let clip):
      var video = JSONObject([
        ("frames_per_second", .number(clip.framesPerSecond)), ("frames", .array(try clip.frames.map(json))),
      ])
      if let sound = clip.audio { _ = video.append("audio", try json(sound)) }
      member = ("video", .object(video))
    case .call, .result: throw SpudError(.internal, "a conversation in the terminal holds no calls")
    }
    return .object(JSONObject([member]))
  }

  private static func json(_ image: RGBImage) throws -> JSONValue {
    .string(Data(try image.pngData()).base64EncodedString())
  }

  private static func json(_ sound: Waveform) throws -> JSONValue {
    .string(Data(try sound.wavData()).base64EncodedString())
  }

  private static func part(_ value: JSONValue, _ path: String) throws -> StreamPart {
    guard let member = value.object?.members.first, value.object?.count == 1 else {
      throw SpudError(.badData, "\(path): a part is not an object of one member")
    }
    let content = member.value
    func text() throws -> String {
      guard let text = content.string else {
        throw SpudError(.badData, "\(path): \(member.key) is \(content.kind), expected a string")
      }
      return text
    }
    switch member.key {
    case "text": return .text(try text())
    case "thought": return .thought(try text())
    case "image": return .image(try picture(content, path))
    case "audio": return .audio(try sound(content, path))
    case "video":
      guard let frames = content["frames"]?.array, let rate = content["frames_per_second"]?.double else {
        throw SpudError(.badData, "\(path): a video has no frames, or no rate of them")
      }
      return .video(
        VideoClip(
          frames: try frames.map { try picture($0, path) }, framesPerSecond: rate,
          audio: try content["audio"].map { try sound($0, path) }))
    default:
      throw SpudError(.badData, "\(path): a part is '\(member.key.prefix(40))', expected text, image, audio or video")
    }
  }

  private static func bytes(_ value: JSONValue, _ path: String) throws -> [UInt8] {
    guard let text = value.string, let data = Data(base64Encoded: text) else {
      throw SpudError(.badData, "\(path): a medium is not in base64")
    }
    return Array(data)
  }

  private static func picture(_ value: JSONValue, _ path: String) throws -> RGBImage {
    try RGBImage.decode(try bytes(value, path), name: "\(path): a picture")
  }

  private static func sound(_ value: JSONValue, _ path: String) throws -> Waveform {
    try Waveform.decode(try bytes(value, path), name: "\(path): a sound")
  }
}
