internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudTensors

/// `spud copy`: a model's directory with everything in it that it otherwise shares with another one's.
struct Copy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy a model's directory whole, with the files that it shares with other models.",
    discussion: """
      A model's shared_files.json names the directories beside it that hold its tokenizer or codecs. The copy holds \
      them itself, so it can be taken anywhere.

      Examples:
        spud copy -m Models/dense-active -o /mnt/stick/dense-active
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The directory to make.", valueName: "dir"), completion: .directory)
  var output: String

  @OptionGroup var json: JSONOptions

  struct Report: Encodable {
    var directory: String
    var bytes: Int
    /// Of the files, those that came from other models' directories.
    var shared: [String]
  }

  func run() throws {
    let source = try ModelDirectory(model.resolved())
    let files = FileManager.default
    guard MappedFile.exists(source.path + "/config.json") else {
      throw SpudError(.noInput, "\(source.path): holds no config.json, so it is not a model's directory")
    }
    guard !MappedFile.exists(output) else {
      throw SpudError(.usage, "-o is \(output), but there is something there; the name of a new directory was expected")
    }
    let parent = URL(filePath: output).deletingLastPathComponent()
    guard Files.isDirectory(parent.path) else {
      throw SpudError(.io, "\(output): cannot be created: there is no such directory")
    }
    let inside = parent.resolvingSymlinksInPath().path + "/"
    guard !inside.hasPrefix(URL(filePath: source.path).resolvingSymlinksInPath().path + "/") else {
      throw SpudError(.usage, "-o is \(output), which is inside the directory that is to be copied")
    }
    let shared = source.shared.keys.sorted()
    // Under another name until it is whole.
    let partial = output + ".partial-\(ProcessInfo.processInfo.processIdentifier)"
    do {
      try Self.copy(source.path, to: partial, depth: 0)
      for name in shared {
        let file = URL(filePath: try source.path(of: name)).resolvingSymlinksInPath()
        try files.copyItem(at: file, to: URL(filePath: "\(partial)/\(name)"))
      }
      if !shared.isEmpty { try files.removeItem(atPath: "\(partial)/\(ModelDirectory.references)") }
      try files.moveItem(atPath: partial, toPath: output)
    } catch {
      try? files.removeItem(atPath: partial)
      throw error as? SpudError ?? SpudError(.io, "\(output): the copy failed: \(error.localizedDescription)")
    }
    let names = (files.enumerator(atPath: output)?.compactMap { $0 as? String } ?? [])
    let bytes = names.reduce(0) { sum, name in
      sum + ((try? files.attributesOfItem(atPath: "\(output)/\(name)"))?[.size] as? Int ?? 0)
    }
    let report = Report(directory: output, bytes: bytes, shared: shared)
    if json.json { return try JSONOutput.print(report) }
    let remark = shared.isEmpty ? "" : ", with \(shared.joined(separator: ", ")) of other models"
    Terminal.report("copied to \(output), " + String(format: "%.1f MiB", Double(bytes) / 1_048_576) + remark)
  }

  /// Copies what is in a directory, and what links in it point to, as Hugging Face's cache has them.
  private static func copy(_ directory: String, to copy: String, depth: Int) throws {
    let files = FileManager.default
    guard depth < 8 else { throw SpudError(.badData, "\(directory): directories are nested more than 8 deep") }
    try files.createDirectory(atPath: copy, withIntermediateDirectories: false)
    for name in try files.contentsOfDirectory(atPath: directory) {
      let path = "\(directory)/\(name)"
      if MappedFile.isDirectory(path) {
        try Self.copy(path, to: "\(copy)/\(name)", depth: depth + 1)
      } else {
        try files.copyItem(at: URL(filePath: path).resolvingSymlinksInPath(), to: URL(filePath: "\(copy)/\(name)"))
      }
    }
  }
}
