internal import SpudErrors
internal import SpudTensors

extension Vocabulary {
  /// Reads `vocabulary.json`.
  ///
  /// - Throws: `.noInput` when the file is not there; `.badData` naming the field, what was found and expected.
  public init(path: String) throws {
    try self.init(try JSONValue(contentsOf: path, limit: 1 << 20), name: path)
  }

  /// Reads the content of `vocabulary.json`.
  init(_ root: JSONValue, name: String) throws {
    func field(_ keys: [String]) throws -> JSONValue {
      var value = root
      for (depth, key) in keys.enumerated() {
        guard let next = value[key] else {
          throw SpudError(.badData, "\(name): '\(keys[...depth].joined(separator: "."))' is missing, expected a value")
        }
        value = next
      }
      return value
    }
    func number(_ keys: String...) throws -> Int {
      let value = try field(keys)
      guard let number = value.int else {
        throw SpudError(
          .badData, "\(name): '\(keys.joined(separator: "."))' is \(value.kind), expected a whole number")
      }
      return number
    }
    let schema = try number("schema")
    guard schema == 1 else { throw SpudError(.badData, "\(name): 'schema' is \(schema), expected 1") }
    guard let list = try field(["control", "tokens"]).array else {
      throw SpudError(.badData, "\(name): 'control.tokens' is not a list, expected a list of names")
    }
    let tokens = try list.map { value in
      guard let token = value.string, !token.isEmpty else {
        throw SpudError(.badData, "\(name): 'control.tokens' holds \(value.kind), expected names only")
      }
      return token
    }
    let refines = try field(["image"])["residual"] != nil
    try self.init(
      name: name, textFirst: try number("text", "first"), textCount: try number("text", "count"),
      controlFirst: try number("control", "first"), controlTokens: tokens,
      imageFirst: try number("image", "first"), imageCount: try number("image", "count"),
      patch: try number("image", "patch"),
      audioFirst: try number("audio", "first"), audioLevels: try number("audio", "levels"),
      codesPerLevel: try number("audio", "codes_per_level"),
      audioFramesPerSecond: try number("audio", "frames_per_second"),
      residual: refines ? (try number("image", "residual", "first"), try number("image", "residual", "count")) : nil)
  }
}
