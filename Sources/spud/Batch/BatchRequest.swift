internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMedia
internal import SpudTensors
internal import SpudTokens

/// One line of a batch: what is asked, read and checked.
struct BatchRequest {
  /// The request's own id, or its number from 1.
  let id: String
  /// A sentence for each file that could be read only in part.
  var remarks: [String] = []
  let request: Request

  private static let known: Set = [
    "id", "custom_id", "prompt", "messages", "system", "images", "audio", "videos", "max_tokens", "temperature",
    "top_k", "top_p", "min_p", "seed", "stop", "schema", "output", "think",
  ]

  /// The id of a line, whatever else is in it.
  static func id(of value: JSONValue, number: Int) -> String {
    value["id"]?.string ?? value["custom_id"]?.string ?? value["id"]?.int.map(String.init) ?? String(number)
  }

  /// - Parameters:
  ///   - number: Of the line, from 1.
  ///   - folder: What paths are relative to.
  ///   - options: What holds where the line does not say.
  /// - Throws: `SpudError` naming what is wrong with the line.
  init(_ value: JSONValue, number: Int, folder: String, system: String?, options: GenerationOptions) throws {
    guard let object = value.object else {
      throw SpudError(.badData, "the request is \(value.kind), expected an object")
    }
    if let other = object.keys.first(where: { !Self.known.contains($0) }) {
      throw SpudError(.badData, "'\(other.prefix(60))' is none of a request's fields")
    }
    id = Self.id(of: value, number: number)
    var turns: [StreamTurn] = []
    if let system = try Self.text(value, "system") ?? system { turns.append(StreamTurn(.system, [.text(system)])) }
    turns += try Self.messages(value)
    var parts: [StreamPart] = []
    func path(_ name: String) -> String { name.hasPrefix("/") ? name : folder + "/" + name }
    for name in try Self.texts(value, "images") {
      parts.append(.image(try RGBImage.load(path: path(name), remarks: &remarks)))
    }
    for name in try Self.texts(value, "audio") {
      parts.append(.audio(try Waveform.load(path: path(name), remarks: &remarks)))
    }
    for name in try Self.texts(value, "videos") {
      parts.append(.video(try VideoClip.load(path: path(name), remarks: &remarks)))
    }
    if let prompt = try Self.text(value, "prompt") { parts.append(.text(prompt)) }
    if !parts.isEmpty { turns.append(StreamTurn(.user, parts)) }
    request = Request(turns, options: try Self.options(value, options))
  }

  private static func options(_ value: JSONValue, _ base: GenerationOptions) throws -> GenerationOptions {
    var options = base
    var sampling = options.sampling ?? .greedy
    if let count = try whole(value, "max_tokens") { options.maximumTokens = count }
    if let temperature = try number(value, "temperature") { sampling.temperature = Float(temperature) }
    if let count = try whole(value, "top_k") { sampling.topK = count }
    if let share = try number(value, "top_p") { sampling.topP = Float(share) }
    if let share = try number(value, "min_p") { sampling.minP = Float(share) }
    if let seed = value["seed"] {
      guard case .number(let digits) = seed, let number = UInt64(digits) else {
        throw SpudError(.badData, "'seed' must be a whole number from 0 to \(UInt64.max)")
      }
      sampling.seed = number
    }
    options.sampling = sampling
    if let stop = value["stop"] { options.stops = try stop.string.map { [$0] } ?? texts(value, "stop") }
    if let schema = value["schema"] {
      options.form =
        schema.string == "json" ? .json : .schema(String(decoding: schema.serialized, as: UTF8.self))
    }
    if let think = try whole(value, "think") { options.thinking = think }
    if let output = try text(value, "output") {
      guard let kind = GenerationOptions.Output(rawValue: output) else {
        throw SpudError(.badData, "'output' is '\(output.prefix(40))', expected text, image or audio")
      }
      options.output = kind
    }
    return options
  }

  private static func messages(_ value: JSONValue) throws -> [StreamTurn] {
    guard let messages = value["messages"] else { return [] }
    guard let items = messages.array else {
      throw SpudError(.badData, "'messages' is \(messages.kind), expected a list")
    }
    return try items.map { item in
      if let other = item.object?.keys.first(where: { $0 != "role" && $0 != "content" }) {
        throw SpudError(
          .badData,
          "'\(other.prefix(60))' is none of a message's fields; media belong to the request, behind its messages")
      }
      guard let role = item["role"]?.string.flatMap(Role.init), role != .tool, let text = item["content"]?.string else {
        throw SpudError(
          .badData, "a message must have a 'role' (system, user or assistant) and a 'content' that is a string")
      }
      return StreamTurn(role, [.text(text)])
    }
  }

  private static func text(_ value: JSONValue, _ name: String) throws -> String? {
    guard let field = value[name], !field.isNull else { return nil }
    guard let text = field.string else { throw SpudError(.badData, "'\(name)' is \(field.kind), expected a string") }
    return text
  }

  private static func texts(_ value: JSONValue, _ name: String) throws -> [String] {
    guard let field = value[name], !field.isNull else { return [] }
    let items = field.array?.map(\.string) ?? [nil]
    guard items.allSatisfy({ $0 != nil }) else {
      throw SpudError(.badData, "'\(name)' must be a list of strings")
    }
    return items.compactMap(\.self)
  }

  private static func whole(_ value: JSONValue, _ name: String) throws -> Int? {
    guard let number = try number(value, name) else { return nil }
    guard let whole = Int(exactly: number) else { throw SpudError(.badData, "'\(name)' must be a whole number") }
    return whole
  }

  private static func number(_ value: JSONValue, _ name: String) throws -> Double? {
    guard let field = value[name], !field.isNull else { return nil }
    guard let number = field.double, abs(number) < 1e15 else {
      throw SpudError(.badData, "'\(name)' is \(field.kind), expected a number")
    }
    return number
  }
}
