internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudKernels

/// `spud doctor`: what this machine offers, and what is missing.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what this machine offers: instruction sets, BLAS, memory bandwidth, arithmetic, programs.",
    discussion: """
      The speeds are measured, which takes about two seconds. They move with whatever else the machine does: measure \
      again, and beside what you compare them with.

      Examples:
        spud doctor
        spud doctor --json -t 1
        SPUD_INSTRUCTION_SET=avx2 spud doctor
      """)

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: JSONOptions

  struct Peaks: Encodable {
    var f32, bf16, int8: Double
    /// Of bfloat16 in tiles, which prompts go through; null where the processor has none.
    var tiles: Double?
  }

  struct Report: Encodable {
    var processor: String
    var processors: Int
    var threads: Int
    var instructionSets: [String]
    var instructionSet: String
    var blas: String
    var readGbPerS: Double
    var peakGops: Peaks
    /// Optional programs: where each was found, or null.
    var programs: [String: String?]
    var model: String?
  }

  func run() async throws {
    let report = try measure()
    if output.json { return try JSONOutput.print(report) }
    func line(_ name: String, _ value: String) throws {
      try Terminal.writeLine(name.padding(toLength: 18, withPad: " ", startingAt: 0) + value)
    }
    try line("processor", "\(report.processor), \(report.processors) of them usable")
    let others = report.instructionSets.filter { $0 != report.instructionSet }
    try line(
      "instruction set",
      report.instructionSet
        + (others.isEmpty ? "" : " (also: \(others.joined(separator: ", ")); SPUD_INSTRUCTION_SET chooses)"))
    try line("BLAS", report.blas)
    try line("reading memory", String(format: "%.1f GB/s with %d threads", report.readGbPerS, report.threads))
    try line(
      "arithmetic",
      String(
        format: "%.0f GOP/s in f32, %.0f in bf16, %.0f in int8", report.peakGops.f32, report.peakGops.bf16,
        report.peakGops.int8)
        + (report.peakGops.tiles.map { String(format: ", %.0f in tiles of bf16", $0) } ?? ""))
    for program in Programs.optional {
      let found = report.programs[program.name] ?? nil
      try line(program.name, found ?? "not found: \(program.use); apt install \(program.package)")
    }
    try line("default model", report.model ?? "none: give -m to the other commands")
  }

  private func measure() throws -> Report {
    let chosen = try InstructionSet.selected()
    let probe = MachineProbe(threads: threads.count, instructionSet: chosen)
    var peaks = Peaks(f32: probe.peakGops(.f32), bf16: probe.peakGops(.bf16), int8: probe.peakGops(.q8_0))
    if chosen == .amx { peaks.tiles = probe.peakGops(.bf16, reads: true) }
    return Report(
      processor: Processor.name, processors: ProcessInfo.processInfo.activeProcessorCount, threads: threads.count,
      instructionSets: InstructionSet.supported.map(\.rawValue), instructionSet: chosen.rawValue,
      blas: OpenBLAS.description, readGbPerS: try probe.readBandwidth(),
      peakGops: peaks,
      programs: Dictionary(uniqueKeysWithValues: Programs.optional.map { ($0.name, Programs.find($0.name)) }),
      model: try? DefaultModel.resolve(nil))
  }
}

/// The processor's name.
enum Processor {
  static let name: String = {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }()
}

/// Programs that Spud can use when they are installed.
enum Programs {
  struct Program {
    var name: String
    /// What does not work without it.
    var use: String
    /// The Debian package that holds it.
    var package: String
  }

  static let optional = [
    Program(name: "ffmpeg", use: "no video files, and no pictures and sounds of rarer formats", package: "ffmpeg")
  ]

  /// The path of the first executable of this name on `PATH`.
  static func find(_ name: String) -> String? {
    for directory in (Terminal.environment["PATH"] ?? "").split(separator: ":") {
      let path = "\(directory)/\(name)"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return nil
  }
}
