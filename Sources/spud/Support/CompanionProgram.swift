internal import Foundation
internal import SpudErrors

/// A program beside this one, with what this one does not need: `spud-server` and `spud-agent`.
enum CompanionProgram: String {
  case server, agent

  private var name: String { "spud-\(rawValue)" }

  /// The program: in a checkout that of its build folder, built if it is not there or older than what it is made of;
  /// elsewhere the one beside this program.
  ///
  /// - Throws: `SpudError` (`unavailable`) when there is none, or it cannot be built.
  func find() throws -> String {
    let own = URL(filePath: Bundle.main.executablePath ?? CommandLine.arguments[0]).resolvingSymlinksInPath()
    guard let checkout = checkout(above: own) else {
      let beside = own.deletingLastPathComponent().appending(path: name).path
      guard FileManager.default.isExecutableFile(atPath: beside) else {
        throw SpudError(
          .unavailable,
          "the \(rawValue) is a program of its own, \(name), which is not beside this one: Scripts/install "
            + "\(rawValue) builds it in a checkout of the project")
      }
      return beside
    }
    let program = checkout.appending(path: ".build-\(rawValue)/release/\(name)")
    if !isCurrent(program, in: checkout) { try build(in: checkout) }
    return program.path
  }

  /// Whether there is such a program already, current or not.
  var isBuilt: Bool {
    let own = URL(filePath: Bundle.main.executablePath ?? CommandLine.arguments[0]).resolvingSymlinksInPath()
    let place =
      checkout(above: own)?.appending(path: ".build-\(rawValue)/release/\(name)")
      ?? own.deletingLastPathComponent().appending(path: name)
    return FileManager.default.isExecutableFile(atPath: place.path)
  }

  /// The directory of the project that holds this program, if one does.
  private func checkout(above program: URL) -> URL? {
    var directory = program.deletingLastPathComponent()
    for _ in 0..<5 where directory.path != "/" {
      let parts = ["Package.swift", "Scripts/install", "Sources/\(name)"]
      if parts.allSatisfy({ FileManager.default.fileExists(atPath: directory.appending(path: $0).path) }) {
        return directory
      }
      directory = directory.deletingLastPathComponent()
    }
    return nil
  }

  /// Whether the program is there and no source is newer.
  private func isCurrent(_ program: URL, in checkout: URL) -> Bool {
    guard let built = changed(program) else { return false }
    let manifest = checkout.appending(path: "Package.swift")
    guard let time = changed(manifest), time <= built,
      let files = FileManager.default.enumerator(
        at: checkout.appending(path: "Sources"), includingPropertiesForKeys: [.contentModificationDateKey])
    else { return false }
    for case let file as URL in files {
      guard let time = changed(file), time <= built else { return false }
    }
    return true
  }

  private func changed(_ file: URL) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: file.path))?[.modificationDate] as? Date
  }

  private func build(in checkout: URL) throws {
    Terminal.report(
      "spud: building the \(rawValue), which takes some minutes the first time (Scripts/install \(rawValue))")
    let script = Process()
    script.executableURL = checkout.appending(path: "Scripts/install")
    script.arguments = [rawValue]
    script.currentDirectoryURL = checkout
    script.standardOutput = FileHandle.standardError
    do {
      try script.run()
    } catch {
      throw SpudError(.unavailable, "\(script.executableURL?.path ?? "Scripts/install"): cannot be started")
    }
    script.waitUntilExit()
    guard script.terminationStatus == 0 else {
      throw SpudError(.unavailable, "the \(rawValue) could not be built: see above")
    }
  }
}
