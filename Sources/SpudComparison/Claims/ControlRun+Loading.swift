internal import Foundation
internal import SpudErrors
internal import SpudTensors

extension ControlRun {
  /// Reads the training runs that serve as controls: each `NAME.csv` of a directory is a curve, and the `NAME.json`
  /// beside it the run's configuration. `NAME-2.csv` and so on are runs of the same configuration with other seeds.
  ///
  /// Their losses can be compared only if they were trained alike: of all runs those count that were as long, within a
  /// tenth, as most others (a longer run's loss at the same token is that of a rate not yet lowered), and their curves
  /// are read at the least number of training tokens that all of them reached. A run that begins its data again where
  /// most others do not was interrupted, and saw other batches from there on.
  ///
  /// - Throws: `noInput` when there is no such directory; `badData` naming the file when a curve or a configuration
  ///   cannot be read.
  package static func load(directory: String) throws -> [ControlRun] {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
      throw SpudError(.noInput, "there is no directory of training curves at \(directory)")
    }
    let names = files.filter { $0.hasSuffix(".csv") }.map { String($0.dropLast(4)) }.sorted()
    var runs: [(run: ControlRun, curve: LossCurve)] = []
    for file in names {
      guard let name = size(of: file, in: directory) else { continue }
      let configuration = "\(directory)/\(name).json"
      let text = try String(decoding: contents(of: "\(directory)/\(file).csv"), as: UTF8.self)
      let curve = try LossCurve(csv: text, name: "\(directory)/\(file).csv")
      let shape = try ModelShape(configuration: try JSONValue(contentsOf: configuration), name: configuration)
      // A mixture of one expert is a dense model.
      runs.append(
        (
          ControlRun(
            name: name, isDense: shape.experts <= 1, experts: shape.experts, parameters: shape.parameters,
            activeParameters: shape.activeParameters, flopsPerToken: shape.flopsPerToken,
            bytesPerToken: shape.bytesPerToken, tokens: 0, loss: 0), curve
        ))
    }
    let lengths = runs.compactMap { $0.curve.points.last?.tokens }
    func alike(_ length: Double) -> [Double] { lengths.filter { abs($0 / length - 1) <= 0.1 } }
    if let usual = lengths.max(by: { (alike($0).count, $0) < (alike($1).count, $1) }) {
      runs.removeAll { abs(($0.curve.points.last?.tokens ?? 0) / usual - 1) > 0.1 }
    }
    let common = runs.compactMap { $0.curve.points.last?.tokens }.min() ?? 0
    let read = runs.enumerated().map { index, entry in
      var run = entry.run
      run.tokens = common
      let curve = entry.curve.cut(at: common)
      run.loss = curve.finalLoss()
      run.lossSpread = curve.finalSpread()
      run.strayedAt = strayed(
        entry.curve.restarts, others: runs.enumerated().filter { $0.offset != index }.map(\.element.curve.restarts))
      return run
    }
    return together(read)
  }

  /// The configuration whose run a curve is: that of its own name, or of the name without the number of its seed.
  private static func size(of file: String, in directory: String) -> String? {
    func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(directory)/\(name).json") }
    if isThere(file) { return file }
    guard let dash = file.lastIndex(of: "-"), Int(file[file.index(after: dash)...]) != nil else { return nil }
    let name = String(file[..<dash])
    return isThere(name) ? name : nil
  }

  /// Runs of one name as one, with the mean of their losses. Where any name has several, the interval of each loss is
  /// one over runs, by Student's t: runs of one size are taken to scatter by one share of their loss, whatever the
  /// size, which is what all that were repeated tell together.
  static func together(_ runs: [ControlRun]) -> [ControlRun] {
    let sizes = Dictionary(grouping: runs, by: \.name)
    let freedom = runs.count - sizes.count
    let squares = sizes.values.reduce(0) { sum, runs in
      let logarithms = runs.map { max($0.loss, 1e-12).logarithm }
      let mean = logarithms.mean
      return logarithms.reduce(sum) { $0 + ($1 - mean) * ($1 - mean) }
    }
    return sizes.keys.sorted().compactMap { name in
      guard let runs = sizes[name], var size = runs.first else { return nil }
      size.runs = runs.count
      size.loss = runs.map(\.loss).mean
      size.strayedAt = runs.compactMap(\.strayedAt).min()
      if freedom > 0 {
        size.spansRuns = true
        size.lossSpread =
          Estimate.studentQuantile(freedom: freedom) * size.loss
          * (squares / Double(freedom) / Double(runs.count)).squareRoot()
      }
      return size
    }
  }

  /// How many runs each loss comes from, in words.
  static func count(_ runs: [ControlRun]) -> String {
    let counts = runs.map(\.runs)
    guard let least = counts.min(), let most = counts.max(), most > 1 else { return "one training run each" }
    return least == most ? "\(most) training runs each" : "\(least) to \(most) training runs each"
  }

  /// The tokens at the first restart that fewer than half of the other runs have too; nil when there is none.
  static func strayed(_ restarts: [ClosedRange<Double>], others: [[ClosedRange<Double>]]) -> Double? {
    restarts.first { restart in
      2 * others.filter { $0.contains { $0.overlaps(restart) } }.count < others.count
    }?.lowerBound
  }

  /// A sentence on each run that did not see the batches of the others, each after a space; empty when all did.
  static func remark(_ runs: [ControlRun]) -> String {
    runs.compactMap { run in
      run.strayedAt.map { tokens in
        """
         \(run.name) saw other batches than the other runs from about \(Format.number(tokens)) of its \
        \(Format.number(run.tokens)) training tokens on: its log goes back to the start of the data there, as that of \
        an interrupted run does.
        """
      }
    }.joined()
  }

  private static func contents(of path: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw SpudError(.noInput, "\(path) cannot be read")
    }
    return data
  }
}
