internal import Foundation
internal import SpudComparison
internal import SpudInference
internal import SpudKernels
internal import SpudModels

/// What was measured for one test.
struct BenchmarkRow: Encodable {
  var model: String
  /// All weights, in bytes as they are in memory.
  var bytes: Int
  var parameters: Int
  var activeParameters: Int
  var weights: String
  var kernels: String
  var instructionSet: String
  var cache: String
  var threads: Int
  var batch: Int
  var depth: Int
  /// Positions that a token which is written attends to; 0 is all.
  var attend: Int
  var test: String
  /// The mean of the samples, all sequences together.
  var tokensPerSecond: Double
  var stddev: Double
  /// Tokens a second, run by run.
  var samples: [Double]
  /// Bytes of weights and cache that one token of one sequence reads.
  var bytesPerToken: Double
  /// Bytes of the file that one token reads: experts that were not in memory.
  var fileBytesPerToken: Double
  /// Of the read bandwidth measured around each run, in the median run, when writing; null when reading, which
  /// arithmetic bounds.
  var fractionOfBandwidth: Double?
  /// Of the arithmetic peak of the weights' format measured around each run, in the median run.
  var fractionOfCompute: Double
  /// The medians of what the fractions are of, in 10⁹ bytes and operations a second.
  var readGbPerS: Double
  var peakGops: Double

  init(model: Model, threads: Int, test: BenchmarkTest, result: BenchmarkResult) {
    let costs = model.costs
    self.model = model.name
    bytes = costs.bytes
    parameters = costs.parameters
    activeParameters = costs.activeParameters
    weights = costs.weightFormat
    kernels = model.kernels.rawValue
    instructionSet = model.instructionSet
    cache = model.cacheFormatName
    self.threads = threads
    batch = test.batch
    depth = test.depth
    attend = test.attend
    self.test = test.name
    samples = result.samples
    fileBytesPerToken = result.fileBytesPerToken
    let count = Double(result.samples.count)
    let mean = result.samples.reduce(0, +) / count
    tokensPerSecond = mean
    stddev = count > 1 ? (samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot() : 0
    let writes: Bool
    switch test.kind {
    case .prefill:
      writes = false
      // Tokens that are read together share the keys and values before them too.
      let together = min(test.tokenCount, model.tokensReadAtOnce)
      bytesPerToken =
        costs.weightBytesPerToken(together: together, writes: writes)
        + Double(result.cacheBytesPerToken) / Double(together)
    case .decode:
      writes = true
      bytesPerToken =
        costs.weightBytesPerToken(together: test.batch, writes: writes) + Double(result.cacheBytesPerToken)
      fractionOfBandwidth = Self.fraction(result, of: \.readBandwidth) * bytesPerToken
    }
    readGbPerS = result.limits.map(\.readBandwidth).median
    peakGops = result.limits.map(\.peakGops).median
    fractionOfCompute =
      Self.fraction(result, of: \.peakGops)
      * costs.operationsPerToken(depth: test.depth + test.tokenCount / 2, writes: writes)
  }

  /// The median, over the runs, of a run's tokens a second for each one a second of a limit, the mean of what was
  /// measured before the run and after it.
  static func fraction(_ result: BenchmarkResult, of limit: KeyPath<MachineLimits, Double>) -> Double {
    let around = zip(result.limits, result.limits.dropFirst()).map { ($0[keyPath: limit] + $1[keyPath: limit]) / 2 }
    return zip(result.samples, around).map { $0 / ($1 * 1e9) }.median
  }

  /// As a person reads it.
  static func table(_ rows: [BenchmarkRow]) -> Table {
    var table = Table(columns: [
      ("model", .left), ("size", .right), ("params (active)", .right), ("weights", .left), ("threads", .right),
      ("batch", .right), ("test", .left), ("t/s", .right), ("of bandwidth", .right), ("of arithmetic", .right),
    ])
    let readsFile = rows.contains { $0.fileBytesPerToken >= 1 }
    if readsFile { table.columns.append(("MB a token from the file", .right)) }
    for row in rows {
      table.rows.append(
        [
          row.model, String(format: "%.1f MiB", Double(row.bytes) / 1_048_576),
          "\(Self.short(row.parameters)) (\(Self.short(row.activeParameters)))",
          row.kernels == "native" ? row.weights : "\(row.weights), \(row.kernels)", "\(row.threads)", "\(row.batch)",
          row.test + (row.depth == 0 ? "" : " @ d\(row.depth)") + (row.attend == 0 ? "" : ", attends to \(row.attend)"),
          String(format: "%.2f ± %.2f", row.tokensPerSecond, row.stddev),
          row.fractionOfBandwidth.map { String(format: "%.0f %%", $0 * 100) } ?? "",
          String(format: "%.0f %%", row.fractionOfCompute * 100),
        ] + (readsFile ? [String(format: "%.1f", row.fileBytesPerToken / 1e6)] : []))
    }
    return table
  }

  /// Everything but the samples, for other programs.
  static func records(_ rows: [BenchmarkRow]) -> Table {
    let names = [
      "model", "bytes", "parameters", "active_parameters", "weights", "kernels", "instruction_set", "cache", "threads",
      "batch", "depth", "attend", "test", "tokens_per_second", "stddev", "samples", "bytes_per_token",
      "file_bytes_per_token", "fraction_of_bandwidth",
      "fraction_of_compute", "read_gb_per_s", "peak_gops",
    ]
    return Table(
      columns: names.map { ($0, .left) },
      rows: rows.map { row in
        [
          row.model, "\(row.bytes)", "\(row.parameters)", "\(row.activeParameters)", row.weights, row.kernels,
          row.instructionSet, row.cache, "\(row.threads)", "\(row.batch)", "\(row.depth)", "\(row.attend)", row.test,
          "\(row.tokensPerSecond)", "\(row.stddev)", row.samples.map { "\($0)" }.joined(separator: " "),
          "\(row.bytesPerToken)", "\(row.fileBytesPerToken)", row.fractionOfBandwidth.map { "\($0)" } ?? "",
          "\(row.fractionOfCompute)",
          "\(row.readGbPerS)", "\(row.peakGops)",
        ]
      })
  }

  /// A large number in few characters: `12.3 M`.
  static func short(_ number: Int) -> String {
    switch number {
    case 1_000_000_000...: String(format: "%.1f B", Double(number) / 1e9)
    case 1_000_000...: String(format: "%.1f M", Double(number) / 1e6)
    case 1000...: String(format: "%.1f K", Double(number) / 1e3)
    default: "\(number)"
    }
  }
}
