internal import SpudErrors
internal import SpudTensors
internal import SpudTokens

/// Reads a `domain.json`.
///
///     {"schema": 1,
///      "image": {"sizes": [[64, 64]]}, "audio": {"seconds": [0.2, 3]},
///      "video": {"sizes": [[64, 64]], "frames": [4, 8]},
///      "words": ["draw", "a", …], "spellings": {"color": "colour"},
///      "slots": {"colour": ["red", …], "number": {"from": 0, "to": 9999}, "update": ["add {number}", …]},
///      "prompts": [{"media": ["image"], "forms": ["what colour is the {shape}?", …]}, …]}
///
/// Sizes are width and height; all but `schema` and `words` may be missing. `Scripts/training/domain.py` writes it.
struct DomainFile {
  private let path: String
  private let root: JSONObject

  /// - Throws: `SpudError` (`badData`) naming what was found and what was expected.
  static func read(_ path: String) throws -> Domain {
    let value = try JSONValue(contentsOf: path)
    guard let root = value.object else {
      throw SpudError(.badData, "\(path): the file is \(value.kind), expected an object")
    }
    return try DomainFile(path: path, root: root).domain()
  }

  private func domain() throws -> Domain {
    guard root["schema"]?.int == 1 else { throw wrong("schema", "the number 1") }
    var domain = Domain()
    domain.words = Set(try strings(root["words"], "words"))
    domain.imageSizes = try sizes("image")
    domain.videoSizes = try sizes("video")
    domain.soundSeconds = try range("audio", "seconds").map { $0.0...$0.1 }
    domain.videoFrames = try range("video", "frames").map { Int($0.0)...Int($0.1) }
    for member in root["spellings"]?.object?.members ?? [] { domain.spellings[member.key] = member.value.string }
    var slots: [String: PromptPattern.Element] = [:]
    for member in root["slots"]?.object?.members ?? [] { slots[member.key] = try slot(member.value, member.key, slots) }
    if let groups = root["prompts"] {
      guard let groups = groups.array else { throw wrong("prompts", "an array") }
      domain.prompts = try groups.reduce(into: [:]) { prompts, group in
        let media = try strings(group.object?["media"], "media").map { name in
          guard let kind = PartKind(rawValue: name) else { throw wrong("media", "image, audio or video") }
          return kind
        }
        prompts[media, default: []] += try strings(group.object?["forms"], "forms").map { form in
          guard let pattern = PromptPattern(form, slots: slots) else {
            throw SpudError(
              .badData, "\(path): the form \"\(form.prefix(80))\" names a slot that is not among the slots")
          }
          return pattern
        }
      }
    }
    return domain
  }

  /// - Parameter slots: Those before it, which it may name.
  private func slot(
    _ value: JSONValue, _ name: String, _ slots: [String: PromptPattern.Element]
  ) throws -> PromptPattern.Element {
    if let object = value.object {
      guard let from = object["from"]?.int, let to = object["to"]?.int, from <= to else {
        throw wrong("slots", "whole numbers \"from\" and \"to\" in \"\(name.prefix(40))\"")
      }
      return .number(from...to)
    }
    let runs = try strings(value, "slots").compactMap { PromptPattern.elements(of: $0, slots: slots) }
    guard !runs.isEmpty, runs.count == value.array?.count else {
      throw wrong("slots", "words, and names of slots before it, in \"\(name.prefix(40))\"")
    }
    return .choice(runs)
  }

  private func sizes(_ kind: String) throws -> [Domain.Size] {
    guard let kind = root[kind]?.object, let sizes = kind["sizes"] else { return [] }
    guard let sizes = sizes.array else { throw wrong("sizes", "an array") }
    return try sizes.map { size in
      guard let sides = size.array, sides.count == 2, let width = sides[0].int, let height = sides[1].int else {
        throw wrong("sizes", "[width, height] throughout")
      }
      return Domain.Size(width: width, height: height)
    }
  }

  private func range(_ kind: String, _ key: String) throws -> (Double, Double)? {
    guard let kind = root[kind]?.object, let value = kind[key] else { return nil }
    guard let ends = value.array, ends.count == 2, let least = ends[0].double, let most = ends[1].double,
      0 <= least, least <= most, most < 1e9
    else { throw wrong(key, "the least and the most") }
    return (least, most)
  }

  private func strings(_ value: JSONValue?, _ key: String) throws -> [String] {
    guard let array = value?.array else { throw wrong(key, "an array of strings") }
    return try array.map { item in
      guard let string = item.string else { throw wrong(key, "strings throughout") }
      return string
    }
  }

  private func wrong(_ key: String, _ expected: String) -> SpudError {
    SpudError(.badData, "\(path): \"\(key)\" is not what was expected: \(expected)")
  }
}
