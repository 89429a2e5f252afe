import Foundation
import SpudErrors
import Testing

@testable import SpudInference

@Suite("Where a model is")
struct ModelLocationTests {
  /// A directory of downloads and checkpoints, removed afterwards.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "spud-where-\(UUID().uuidString)")
    var path: String { url.path }
    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ files: String..., text: String = "") throws {
      for file in files {
        let place = url.appending(path: file)
        try FileManager.default.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
      }
    }
  }

  private func message(_ location: ModelLocation, _ name: String, _ code: SpudError.Code) -> String {
    let error = #expect(throws: SpudError.self) { try location.resolve(name) }
    #expect(error?.code == code)
    return error?.message ?? ""
  }

  @Test("a download is found by the repository's name, wherever the cache is")
  func downloads() throws {
    let folder = Folder()
    for hub in ["here", "home/hub", "caches/huggingface/hub", "user/.cache/huggingface/hub"] {
      let repository = "\(hub)/models--org--name-1.5"
      try folder.write("\(repository)/refs/main", text: "abc123\n")
      try folder.write("\(repository)/refs/v2", text: "def456")
      try folder.write("\(repository)/snapshots/abc123/config.json", "\(repository)/snapshots/def456/config.json")
    }
    let environments: [([String: String], String)] = [
      (["HF_HUB_CACHE": folder.path + "/here", "HF_HOME": folder.path + "/home"], "here"),
      (["HUGGINGFACE_HUB_CACHE": folder.path + "/here"], "here"),
      (["HF_HOME": folder.path + "/home", "XDG_CACHE_HOME": folder.path + "/caches"], "home/hub"),
      (["XDG_CACHE_HOME": folder.path + "/caches", "HOME": folder.path], "caches/huggingface/hub"),
      (["HOME": folder.path + "/user", "HF_HOME": ""], "user/.cache/huggingface/hub"),
    ]
    for (environment, hub) in environments {
      let location = ModelLocation(environment: environment)
      let snapshots = "\(folder.path)/\(hub)/models--org--name-1.5/snapshots"
      #expect(try location.resolve("org/name-1.5") == snapshots + "/abc123")
      #expect(try location.resolve("org/name-1.5@v2") == snapshots + "/def456")
      #expect(try location.resolve("org/name-1.5@def456") == snapshots + "/def456")
      #expect(ModelLocation.name(of: snapshots + "/abc123") == "org/name-1.5")
      #expect(message(location, "org/other", .noInput).contains("no download of it in \(folder.path)/\(hub)"))
      #expect(message(location, "org/name-1.5@v3", .noInput).contains("org/name-1.5@v3"))
    }
  }

  @Test(
    "what is no repository's name is a path, as it stands", arguments: ["../x", "a/b/c", "/a/b", "-x/y", "a/..", "x"])
  func paths(name: String) throws {
    #expect(try ModelLocation(environment: ["HF_HOME": "/nowhere"]).resolve(name) == name)
  }

  @Test("a file of a checkpoint is told to be one, and its directory is named")
  func files() throws {
    let folder = Folder()
    try folder.write("model/config.json", "model/model.safetensors", "model/tokenizer.json", "model/a.gguf")
    try folder.write("bare/model-00001-of-00002.safetensors", "notes.txt")
    let location = ModelLocation(environment: [:])
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
      #expect(message(location, "\(folder.path)/model/\(file)", .usage).contains("give -m \(folder.path)/model"))
    }
    #expect(
      message(location, folder.path + "/bare/model-00001-of-00002.safetensors", .usage).contains("config.json beside"))
    for path in ["model", "model/a.gguf", "notes.txt"] {
      #expect(try location.resolve("\(folder.path)/\(path)") == "\(folder.path)/\(path)")
    }
  }

  @Test("a directory that holds one GGUF file means it; of several one has to be named")
  func directoriesOfGGUF() throws {
    let folder = Folder()
    try folder.write("one/x.gguf", "one/README.md", "two/a.gguf", "two/b.GGUF", "none/readme")
    let location = ModelLocation(environment: [:])
    #expect(try location.resolve(folder.path + "/one") == folder.path + "/one/x.gguf")
    #expect(message(location, folder.path + "/two", .usage).contains("such as -m \(folder.path)/two/a.gguf"))
    #expect(try location.resolve(folder.path + "/none") == folder.path + "/none")
  }
}
