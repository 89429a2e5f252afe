import Foundation
import Testing

/// The built program, run as a person runs it.
enum CommandLineProgram {
  struct Outcome {
    var exitCode: Int32
    var output: String
    var errors: String
    /// Standard output as bytes.
    var bytes: Data
  }

  /// Beside the test bundle, where the build puts both.
  static let path: String = {
    let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "spud").path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    return repository.appending(path: ".build/debug/spud").path
  }()

  static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The model of these tests, which knows nothing; see `Scripts/goldens/tiny_unified.py`.
  static let model = repository.appending(path: "Tests/SpudInferenceTests/Fixtures/tiny-unified").path

  /// Runs the program in an empty directory.
  ///
  /// - Parameters:
  ///   - input: Standard input; nil is an empty one.
  ///   - prepare: Is given the directory before the program starts.
  ///   - inspect: Is given the directory after the program ended.
  @discardableResult
  static func run(
    _ arguments: [String], input: String? = nil, environment: [String: String] = [:],
    prepare: (URL) throws -> Void = { _ in }, inspect: (URL, Outcome) throws -> Void = { _, _ in }
  ) async throws -> Outcome {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spud-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try prepare(directory)
    let outcome = try await start(arguments, in: directory, input: input, environment: environment).outcome()
    try inspect(directory, outcome)
    return outcome
  }

  /// Starts the program, its output going to files, which never fill up as pipes do.
  static func start(
    _ arguments: [String], in directory: URL, input: String? = nil, environment: [String: String] = [:]
  ) throws -> Running {
    let files = FileManager.default.temporaryDirectory.appending(path: "spud-io-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
    for name in ["in", "out", "err"] {
      try Data((name == "in" ? input ?? "" : "").utf8).write(to: files.appending(path: name))
    }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment
      .filter { $0.key != "SPUD_MODEL" }.merging(environment) { _, new in new }
    process.standardInput = try FileHandle(forReadingFrom: files.appending(path: "in"))
    process.standardOutput = try FileHandle(forWritingTo: files.appending(path: "out"))
    process.standardError = try FileHandle(forWritingTo: files.appending(path: "err"))
    return try Running(process, files: files)
  }

  /// A program that has been started.
  final class Running {
    let process: Process
    private let files: URL
    private let ended: AsyncStream<Void>

    init(_ process: Process, files: URL) throws {
      self.process = process
      self.files = files
      let (ended, continuation) = AsyncStream<Void>.makeStream()
      self.ended = ended
      process.terminationHandler = { _ in continuation.finish() }
      try process.run()
    }

    /// What has been printed so far.
    var output: String {
      (try? String(decoding: Data(contentsOf: files.appending(path: "out")), as: UTF8.self)) ?? ""
    }

    /// Waits for the end.
    func outcome() async throws -> Outcome {
      for await _ in ended {}
      defer { try? FileManager.default.removeItem(at: files) }
      let bytes = try Data(contentsOf: files.appending(path: "out"))
      let errors = try Data(contentsOf: files.appending(path: "err"))
      // A signal that ended the process shows as the shell would show it.
      let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
      return Outcome(
        exitCode: code, output: String(decoding: bytes, as: UTF8.self), errors: String(decoding: errors, as: UTF8.self),
        bytes: bytes)
    }
  }
}
