internal import Foundation
internal import SpudErrors
internal import SpudTensors

extension ControlRun {
  /// Reads the training runs that serve as controls: each `NAME.csv` of a directory is a curve, and the `NAME.json`
  /// beside it the run's configuration.
  ///
  /// Their losses can be compared only if they were trained alike: of all runs those count that were as long, within a
  /// tenth, as most others (a longer run's loss at the same token is that of a rate not yet lowered), and their curves
  /// are read at the least number of training tokens that all of them reached. A run that begins its data anew where
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
    for name in names {
      let configuration = "\(directory)/\(name).json"
      guard FileManager.default.fileExists(atPath: configuration) else { continue }
      let text = try String(decoding: contents(of: "\(directory)/\(name).csv"), as: UTF8.self)
      let curve = try LossCurve(csv: text, name: "\(directory)/\(name).csv")
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
    return runs.map { run, curve in
      var run = run
      run.tokens = common
      let read = curve.cut(at: common)
      run.loss = read.finalLoss()
      run.lossSpread = read.finalSpread()
      run.strayedAt = strayed(
        curve.restarts, others: runs.filter { $0.run.name != run.name }.map(\.curve.restarts))
      return run
    }
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
