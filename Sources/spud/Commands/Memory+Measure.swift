internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudKernels
internal import SpudMemory

extension Memory {
  /// `spud memory measure`
  struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measure how fast pages of a shape are sealed and restored on this machine.",
      discussion: """
        The pages are random, so no model is needed; the default shape is OLMoE's. What is measured ends when the last \
        page is in place, the opening of the store included.

        Example:
          spud memory measure --tokens 8192,32768 --directory /var/tmp/measure
        """)

    @Option(help: ArgumentHelp("Layers.", valueName: "n")) var layers = 16
    @Option(help: ArgumentHelp("Heads of keys and values.", valueName: "n")) var heads = 16
    @Option(help: ArgumentHelp("Width of a head.", valueName: "n")) var width = 128
    @Option(help: "Hold the cache in this format.") var cache = CacheFormat.bf16
    @Option(parsing: .unconditional, help: ArgumentHelp("Tokens.", valueName: "list")) var tokens = IntegerList([8192])
    @Option(
      help: ArgumentHelp("Where the store is made and taken away again; it must not be there.", valueName: "dir"),
      completion: .directory)
    var directory: String
    @OptionGroup var json: JSONOptions

    func validate() throws {
      guard (1...1024).contains(layers), (1...1024).contains(heads), (1...256).contains(width) else {
        throw ValidationError("--layers and --heads go from 1 to 1024, --width to 256.")
      }
      guard tokens.values.allSatisfy({ (1...(1 << 22)).contains($0) }) else {
        throw ValidationError("--tokens must hold numbers from 1 to \(1 << 22).")
      }
    }

    struct Row: Encodable {
      var tokens, bytes: Int
      /// The most memory that the process has had.
      var peakBytes: Int
      var sealGbPerS, restoreGbPerS, coldRestoreGbPerS, restoreS, openMs, findMs: Double
    }

    struct Report: Encodable {
      var cache: String
      var layers, heads, width: Int
      var rows: [Row]
    }

    func run() async throws {
      guard !FileManager.default.fileExists(atPath: directory) else {
        throw SpudError(.usage, "\(directory): is there already, and what is measured would be taken away with it")
      }
      let shape = CacheShape(layerCount: layers, headCount: heads, headWidth: width, format: cache)
      var rows: [Row] = []
      for tokens in tokens.values {
        let result = try await MemoryMeasurement(shape: shape, tokens: tokens, directory: directory).run()
        let gigabytes = Double(result.bytes) / 1e9
        rows.append(
          Row(
            tokens: tokens, bytes: result.bytes, peakBytes: result.peakBytes,
            sealGbPerS: gigabytes / result.sealSeconds,
            restoreGbPerS: gigabytes / result.restoreSeconds, coldRestoreGbPerS: gigabytes / result.coldSeconds,
            restoreS: result.restoreSeconds, openMs: result.openSeconds * 1e3, findMs: result.findSeconds * 1e3))
      }
      if json.json {
        return try JSONOutput.print(
          Report(cache: cache.rawValue, layers: layers, heads: heads, width: width, rows: rows))
      }
      var table = Table(columns: [
        ("tokens", .right), ("GB", .right), ("sealed GB/s", .right), ("restored GB/s", .right),
        ("from the disk GB/s", .right), ("restored s", .right), ("peak GiB", .right),
      ])
      for row in rows {
        table.rows.append(
          ["\(row.tokens)"]
            + [
              Double(row.bytes) / 1e9, row.sealGbPerS, row.restoreGbPerS, row.coldRestoreGbPerS, row.restoreS,
              Double(row.peakBytes) / Double(1 << 30),
            ].map { String(format: "%.3f", $0) })
      }
      try Terminal.writeLine(table.markdown)
    }
  }
}
