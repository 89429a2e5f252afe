internal import ArgumentParser
internal import Foundation

/// `spud doctor`: what this machine offers, and what is missing.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what this machine offers: processors and optional programs.",
    discussion: """
      Examples:
        spud doctor
        spud doctor --json
      """)

  @OptionGroup var output: JSONOptions

  struct Report: Encodable {
    var processors: Int
    /// Optional programs: where each was found, or null.
    var programs: [String: String?]
  }

  func run() async throws {
    let report = Report(
      processors: ProcessInfo.processInfo.activeProcessorCount,
      programs: Dictionary(uniqueKeysWithValues: ["ffmpeg"].map { ($0, Programs.find($0)) }))
    if output.json { return try JSONOutput.print(report) }
    try Terminal.writeLine("processors  \(report.processors)")
    for (name, path) in report.programs.sorted(by: { $0.key < $1.key }) {
      try Terminal.writeLine("\(name)      \(path ?? "not found")")
    }
  }
}

/// Programs that Spud can use when they are installed.
enum Programs {
  /// The path of the first executable of this name on `PATH`.
  static func find(_ name: String) -> String? {
    for directory in (Terminal.environment["PATH"] ?? "").split(separator: ":") {
      let path = "\(directory)/\(name)"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return nil
  }
}
