internal import SpudErrors

/// A model's directory, whose tokenizer and codecs may be kept once for several models, in another one's.
///
/// `shared_files.json` then says where, by the name of the file, relative to this directory:
///
///     {"image_codec.safetensors": "../spud-nano", "tokenizer.json": "../spud-nano"}
///
/// A directory may come from a stranger, so a reference reaches no further than this: it begins with one or two `..`,
/// goes down through plain names, and names a file of the same name, which is a tokenizer or a codec. The directory
/// that it names has the file itself.
package struct ModelDirectory: Sendable {
  /// The file of references.
  package static let references = "shared_files.json"
  /// What may be kept elsewhere.
  package static let shareable = ["tokenizer.json", "image_codec.safetensors", "audio_codec.safetensors"]

  package let path: String
  /// The paths of the files that are kept elsewhere, by their names.
  package let shared: [String: String]

  /// - Throws: `badData` when `shared_files.json` is there and says something else than it may.
  package init(_ path: String) throws {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.path = path
    let file = "\(path)/\(Self.references)"
    guard MappedFile.exists(file) else {
      shared = [:]
      return
    }
    guard let object = try JSONValue(contentsOf: file, limit: 1 << 16).object else {
      throw SpudError(.badData, "\(file): holds no object, but one directory for each shared file was expected")
    }
    var shared: [String: String] = [:]
    for member in object.members {
      let (name, value) = (member.key, member.value)
      guard Self.shareable.contains(name) else {
        throw SpudError(
          .badData, "\(file): '\(name)' cannot be shared, only \(Self.shareable.joined(separator: ", "))")
      }
      guard let directory = value.string, Self.isBeside(directory) else {
        throw SpudError(
          .badData,
          "\(file): '\(name)' is said to be in \(value.string.map { "'\($0)'" } ?? value.kind), but only a directory "
            + "beside this one or its parent can be named, such as '../spud-nano'")
      }
      guard !MappedFile.exists("\(path)/\(name)") else {
        throw SpudError(.badData, "\(file): '\(name)' is said to be in '\(directory)', but it is here as well")
      }
      shared[name] = "\(path)/\(directory)/\(name)"
    }
    self.shared = shared
  }

  /// The path of a file of this model, wherever it is kept.
  ///
  /// - Throws: `noInput` when it is kept elsewhere and is not there.
  package func path(of name: String) throws -> String {
    guard let shared = shared[name] else { return "\(path)/\(name)" }
    guard MappedFile.exists(shared) else {
      throw SpudError(
        .noInput,
        "\(path)/\(Self.references): '\(name)' should be at \(shared), but there is none; "
          + "`spud copy` copies a model with the files that it shares")
    }
    return shared
  }

  /// Whether a relative path goes up once or twice, and then down through plain names.
  private static func isBeside(_ directory: String) -> Bool {
    let parts = directory.split(separator: "/", omittingEmptySubsequences: false)
    let up = parts.prefix { $0 == ".." }.count
    let names = parts.dropFirst(up)
    return (1...2).contains(up) && (1...2).contains(names.count)
      && names.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }
  }
}
