internal import Foundation
internal import SpudErrors

/// Where a model is, from what a person calls it: a path, or the name of a repository that Hugging Face's tools have
/// downloaded.
package struct ModelLocation: Sendable {
  private let environment: [String: String]

  /// - Parameter environment: Says where the cache of downloads is; nil is that of the process.
  package init(environment: [String: String]? = nil) {
    self.environment = environment ?? ProcessInfo.processInfo.environment
  }

  /// The path of the model that `name` means.
  ///
  /// A path that exists wins over a download of the same name. A directory that holds one `.gguf` file and no
  /// `config.json` is that file.
  ///
  /// - Parameter name: A path; or `OWNER/NAME`, or `OWNER/NAME@REVISION`, of a repository.
  /// - Throws: `SpudError` (`noInput`) when nothing is found, (`usage`) when the path is one file of a checkpoint whose
  ///   directory is meant, or a directory of several GGUF files.
  package func resolve(_ name: String) throws -> String {
    if FileManager.default.fileExists(atPath: name) { return try model(at: name) }
    guard let repository = Repository(name) else { return name }
    let cache = cacheDirectory
    guard let snapshot = repository.snapshot(in: cache) else {
      guard repository.hasOwner else { return name }
      throw SpudError(
        .noInput,
        "\(name): there is no such model here, and no download of it in \(cache): give a directory or a .gguf file, "
          + "or download it first")
    }
    return try model(at: snapshot)
  }

  /// What to call the model at `path`: the last part of it, or the repository that a download is of.
  package static func name(of path: String) -> String {
    let url = URL(filePath: path)
    var parts = url.pathComponents
    let file = url.pathExtension.lowercased() == "gguf" ? parts.popLast() : nil
    if parts.count >= 3, parts[parts.count - 2] == "snapshots", parts[parts.count - 3].hasPrefix(Repository.prefix) {
      let name = parts[parts.count - 3].dropFirst(Repository.prefix.count).replacing("--", with: "/")
      return file.map { "\(name)/\($0)" } ?? String(name)
    }
    return url.lastPathComponent
  }

  /// The parts of a checkpoint's directory: whoever names one of them means the directory.
  private static let parts = [
    ".safetensors", ".safetensors.index.json", "config.json", "tokenizer.json", "vocabulary.json", "tokenizer.model",
    ".bin",
  ]

  private func model(at path: String) throws -> String {
    let url = URL(filePath: path)
    guard url.isDirectory else {
      guard Self.parts.contains(where: path.lowercased().hasSuffix) else { return path }
      let directory = url.deletingLastPathComponent()
      let isModel = FileManager.default.fileExists(atPath: directory.appending(path: "config.json").path)
      throw SpudError(
        .usage,
        "\(path): is one file of a checkpoint, but a model is its whole directory"
          + (isModel ? ": give -m \(directory.relativePath)" : ", with a config.json beside this file"))
    }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    guard !names.contains("config.json") else { return path }
    let files = names.filter { $0.lowercased().hasSuffix(".gguf") }.map { url.appending(path: $0).relativePath }
    guard let first = files.first else { return path }
    guard files.count == 1 else {
      throw SpudError(.usage, "\(path): holds \(files.count) .gguf files: name one of them, such as -m \(first)")
    }
    return first
  }

  /// The cache of downloads, as `huggingface_hub` finds it.
  ///
  /// Source: huggingface_hub 0.30, `constants.py`.
  private var cacheDirectory: String {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : NSString(string: $0).expandingTildeInPath }
    }
    if let hub = value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE") { return hub }
    if let home = value("HF_HOME") { return home + "/hub" }
    let caches = value("XDG_CACHE_HOME") ?? (value("HOME") ?? NSHomeDirectory()) + "/.cache"
    return caches + "/huggingface/hub"
  }
}

/// A repository of models, by its name.
private struct Repository {
  static let prefix = "models--"

  /// Whether the name has an owner before it; a few old repositories have none.
  let hasOwner: Bool
  private let folder: String
  private let revision: String

  /// - Returns: Nil for what is no such name: one part or two, neither of which is a step of a path.
  init?(_ text: String) {
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy(Self.isName), halves.count == 1 || Self.isName(halves[1]) else {
      return nil
    }
    hasOwner = parts.count == 2
    folder = Self.prefix + parts.joined(separator: "--")
    revision = halves.count == 2 ? String(halves[1]) : "main"
  }

  private static func isName(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
  }

  /// The directory of the revision that was downloaded: `refs/REVISION` names its commit.
  func snapshot(in cache: String) -> String? {
    let folder = "\(cache)/\(folder)"
    let reference = try? String(contentsOfFile: "\(folder)/refs/\(revision)", encoding: .utf8)
    let commit = reference?.trimmingCharacters(in: .whitespacesAndNewlines) ?? revision
    guard Self.isName(commit[...]) else { return nil }
    let snapshot = "\(folder)/snapshots/\(commit)"
    return FileManager.default.fileExists(atPath: snapshot) ? snapshot : nil
  }
}
