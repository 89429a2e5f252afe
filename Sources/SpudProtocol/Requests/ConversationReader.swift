internal import SpudErrors
package import SpudMedia
package import SpudTensors
package import SpudTokens

/// Turns the messages of a request into turns, their media decoded.
///
/// What a file lacks at its end is remarked on, and what is there is used.
package struct ConversationReader {
  /// Media that one request may hold.
  package static let mediaLimit = 256

  private let limits: MediaLimits
  /// Gives the bytes behind an address that is no data URL.
  private let fetch: (String) throws -> [UInt8]
  private var mediaCount = 0
  /// A sentence for each part of a medium that is missing.
  package private(set) var remarks: [String] = []

  /// - Parameter fetch: Gives the bytes behind an `http:` or `https:` address, or throws why it does not.
  package init(
    limits: MediaLimits = .default,
    fetch: @escaping (String) throws -> [UInt8] = { throw ConversationReader.refusal(of: $0) }
  ) {
    self.limits = limits
    self.fetch = fetch
  }

  /// Why an address is not fetched.
  package static func refusal(of address: String) -> APIError {
    APIError(
      400,
      "the address '\(address.prefix(80))' is not fetched: send the medium as a data URL, or allow its host with "
        + "--allow-fetch HOST",
      code: "invalid_image_url")
  }

  /// - Parameter messages: In the form of chat completions, as `ChatRequest` checked them.
  /// - Throws: `APIError` naming the message and the part that is at fault.
  package mutating func turns(of messages: [JSONValue]) throws -> [ConversationTurn] {
    var turns: [ConversationTurn] = []
    for (index, message) in messages.enumerated() {
      let path = "messages[\(index)]"
      let role = message["role"]?.string ?? "user"
      var turn = ConversationTurn(role: ConversationTurn.Role(role))
      if let thought = message["reasoning_content"]?.string, !thought.isEmpty { turn.parts.append(.thought(thought)) }
      turn.parts += try parts(of: message["content"] ?? .null, path: path + ".content")
      turn.calls = try (message["tool_calls"]?.array ?? []).enumerated().map { position, call in
        try self.call(call, path: "\(path).tool_calls[\(position)]")
      }
      turn.callID = message["tool_call_id"]?.string
      turn.name = message["name"]?.string
      turns.append(turn)
    }
    return turns
  }

  /// A recording that came by itself.
  package mutating func audio(_ bytes: [UInt8], name: String) throws -> StreamPart {
    try decode(path: "file") { limits, remarks in
      .audio(try Waveform.decode(bytes, name: name, limits: limits, remarks: &remarks))
    }
  }

  private func call(_ call: JSONValue, path: String) throws -> ConversationTurn.Call {
    guard let function = call["function"], let name = function["name"]?.string else {
      throw APIError.invalid("'\(path).function' must be an object with a name", parameter: path + ".function")
    }
    let arguments: String
    switch function["arguments"] {
    case .string(let text)?: arguments = text
    case .some(let value) where value.object != nil: arguments = String(decoding: value.serialized, as: UTF8.self)
    case nil, .null?: arguments = "{}"
    default: throw APIError.invalid("'\(path).function.arguments' must be a string", parameter: path + ".function")
    }
    return .init(id: call["id"]?.string ?? "", name: name, arguments: arguments)
  }

  private mutating func parts(of content: JSONValue, path: String) throws -> [StreamPart] {
    if let text = content.string { return text.isEmpty ? [] : [.text(text)] }
    var parts: [StreamPart] = []
    for (index, part) in (content.array ?? []).enumerated() {
      let path = "\(path)[\(index)]"
      switch part["type"]?.string {
      case "text", "refusal":
        guard let text = part["text"]?.string ?? part["refusal"]?.string, !text.isEmpty else { continue }
        parts.append(.text(text))
      case "image_url": parts.append(try image(part["image_url"]?["url"]?.string ?? "", path: path + ".image_url.url"))
      case "input_audio":
        parts.append(try audio(base64: part["input_audio"]?["data"]?.string ?? "", path: path + ".input_audio.data"))
      case "video": parts.append(try video(part, path: path))
      default: throw APIError.invalid("'\(path)' is of a type that is not supported", parameter: path)
      }
    }
    return parts
  }

  private mutating func image(_ url: String, path: String) throws -> StreamPart {
    let bytes = try bytes(of: url, kind: "image", path: path)
    return try decode(path: path) { limits, remarks in
      .image(try RGBImage.decode(bytes, name: path, limits: limits, remarks: &remarks))
    }
  }

  private mutating func audio(base64 text: String, path: String) throws -> StreamPart {
    guard let bytes = DataURL(text)?.bytes ?? Base64.decode(text), !bytes.isEmpty else {
      throw APIError.invalid("'\(path)' is no base64", parameter: path)
    }
    return try decode(path: path) { limits, remarks in
      .audio(try Waveform.decode(bytes, name: path, limits: limits, remarks: &remarks))
    }
  }

  /// `{"type": "video", "frames": [URL, …], "frames_per_second": 4, "audio": BASE64}`.
  private mutating func video(_ part: JSONValue, path: String) throws -> StreamPart {
    var frames: [RGBImage] = []
    for (index, frame) in (part["frames"]?.array ?? []).enumerated() {
      let path = "\(path).frames[\(index)]"
      guard let url = frame.string, case .image(let image) = try image(url, path: path) else {
        throw APIError.invalid("'\(path)' must be a data URL", parameter: path)
      }
      if let first = frames.first, (first.width, first.height) != (image.width, image.height) {
        throw APIError.invalid(
          "'\(path)' is \(image.width)×\(image.height), but the first frame is \(first.width)×\(first.height)",
          parameter: path)
      }
      frames.append(image)
    }
    guard !frames.isEmpty else { throw APIError.invalid("'\(path).frames' is empty", parameter: path + ".frames") }
    var rate = 4.0
    if let value = part["frames_per_second"] {
      guard let number = value.double, (0.1...60).contains(number) else {
        throw APIError.invalid(
          "'\(path).frames_per_second' must be a number from 0.1 to 60", parameter: path + ".frames_per_second")
      }
      rate = number
    }
    var sound: Waveform?
    if let text = part["audio"]?.string, case .audio(let decoded) = try audio(base64: text, path: path + ".audio") {
      sound = decoded
    }
    return .video(VideoClip(frames: frames, framesPerSecond: rate, audio: sound))
  }

  private func bytes(of url: String, kind: String, path: String) throws -> [UInt8] {
    if let data = DataURL(url) {
      guard data.type.isEmpty || data.type.hasPrefix(kind + "/") || data.type == "application/octet-stream" else {
        throw APIError.invalid("'\(path)' holds \(data.type.prefix(40)), but must hold \(kind)/…", parameter: path)
      }
      guard !data.bytes.isEmpty else { throw APIError.invalid("'\(path)' is an empty data URL", parameter: path) }
      return data.bytes
    }
    let scheme = url.prefix { $0 != ":" }.lowercased()
    guard scheme == "http" || scheme == "https" else {
      throw APIError.invalid("'\(path)' is no data URL in base64", parameter: path)
    }
    return try fetch(url)
  }

  /// Decodes one medium; what is wrong with it is the request's fault.
  private mutating func decode(
    path: String, _ body: (MediaLimits, inout [String]) throws -> StreamPart
  ) throws -> StreamPart {
    mediaCount += 1
    guard mediaCount <= Self.mediaLimit else {
      throw APIError.invalid("the request holds more than \(Self.mediaLimit) media", parameter: path)
    }
    do {
      return try body(limits, &remarks)
    } catch let error as SpudError where error.code == .badData || error.code == .usage {
      throw APIError.invalid(error.message, parameter: path)
    }
  }
}
