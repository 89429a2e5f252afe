internal import ArgumentParser
internal import SpudMemory
internal import SpudOptions

extension Memory {
  /// `spud memory fill`: for `Scripts/soak memory`.
  struct Fill: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fill a memory past its limit with pages that mean nothing, and time its opening.",
      shouldDisplay: false)

    @Option(name: .customLong("memory"), help: ArgumentHelp("The directory.", valueName: "dir"), completion: .directory)
    var directory: String
    @OptionGroup var unlocking: MemoryKeyOptions
    @Option(help: ArgumentHelp("Its limit, in GiB; a tenth more is sealed.", valueName: "n")) var gigabytes = 10
    @OptionGroup var json: JSONOptions

    struct Report: Encodable {
      var limit, storedBytes, extents: Int
      var sealGbPerS: Double
      var openMs: [Double]
    }

    func validate() throws {
      guard (1...1024).contains(gigabytes) else { throw ValidationError("--gigabytes must be from 1 to 1024.") }
    }

    func run() throws {
      var settings = SealedStore.Settings(stateDirectory: try SealedStore.stateDirectory(Terminal.environment))
      settings.byteLimit = gigabytes << 30
      let result = try StoreFill.run(
        directory, key: try unlocking.key(), settings: settings, bytes: settings.byteLimit / 10 * 11)
      let report = Report(
        limit: settings.byteLimit, storedBytes: result.storedBytes, extents: result.extents,
        sealGbPerS: Double(result.sealedBytes) / 1e9 / result.sealSeconds,
        openMs: result.openSeconds.map { $0 * 1e3 })
      if json.json { return try JSONOutput.print(report) }
      let times = report.openMs.map { "\(Int($0.rounded()))" }.joined(separator: ", ")
      try Terminal.writeLine(
        "\(report.extents) extents, \(ByteCount(report.storedBytes).rounded) of \(ByteCount(report.limit).rounded); "
          + "opened in \(times) ms")
    }
  }
}
