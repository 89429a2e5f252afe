import SpudErrors

/// A training run's loss against the tokens seen, as the recipe logs it.
package struct LossCurve: Sendable, Equatable {
  package struct Point: Sendable, Equatable {
    package var tokens: Double
    package var loss: Double
    /// How often the data was gone through, where the log says so.
    package var epochs: Double?

    package init(tokens: Double, loss: Double, epochs: Double? = nil) {
      self.tokens = tokens
      self.loss = loss
      self.epochs = epochs
    }
  }

  /// Sorted ascending by tokens.
  package private(set) var points: [Point]

  package init(points: [Point]) {
    self.points = points.filter { $0.loss.isFinite && $0.tokens.isFinite }.sorted { $0.tokens < $1.tokens }
  }

  /// Reads the columns `tokens` and `loss` (or `validation_loss`, which is preferred), and `epochs` where it is there,
  /// of a CSV file's text.
  ///
  /// - Throws: `badData`, naming `name`, when a column is missing or no row holds both numbers.
  package init(csv text: String, name: String) throws {
    let lines = text.split(whereSeparator: \.isNewline)
    let header = lines.first.map(Self.cells) ?? []
    let lossNames = ["validation_loss", "val_loss", "eval_loss", "loss"]
    guard let tokensColumn = header.firstIndex(of: "tokens"),
      let lossColumn = lossNames.lazy.compactMap({ header.firstIndex(of: $0) }).first
    else {
      throw SpudError(
        .badData, "\(name): the first line should name the columns tokens and loss, but it is \(header)")
    }
    let epochsColumn = header.firstIndex(of: "epochs")
    let points = lines.dropFirst().compactMap { line -> Point? in
      let cells = Self.cells(line)
      guard tokensColumn < cells.count, lossColumn < cells.count,
        let tokens = Double(cells[tokensColumn]), let loss = Double(cells[lossColumn])
      else { return nil }
      let epochs = epochsColumn.flatMap { $0 < cells.count ? Double(cells[$0]) : nil }
      return Point(tokens: tokens, loss: loss, epochs: epochs)
    }
    self.init(points: points)
    guard !self.points.isEmpty else {
      throw SpudError(.badData, "\(name): no row holds a number of tokens and a loss")
    }
  }

  /// Where the data was begun again, between which two tokens: the epochs fall there. A recipe that goes on to other
  /// data does that, and so does a run that was interrupted and lost its place.
  package var restarts: [ClosedRange<Double>] {
    zip(points, points.dropFirst()).compactMap { last, next in
      guard let before = last.epochs, let after = next.epochs, after < before else { return nil }
      return last.tokens...next.tokens
    }
  }

  /// The curve up to a number of tokens; between two points it is a line, so that curves with points at different
  /// tokens end at the same one.
  package func cut(at tokens: Double) -> LossCurve {
    var kept = points.filter { $0.tokens <= tokens }
    if let last = kept.last, last.tokens < tokens, let next = points.first(where: { $0.tokens > tokens }) {
      let share = (tokens - last.tokens) / (next.tokens - last.tokens)
      kept.append(Point(tokens: tokens, loss: last.loss + share * (next.loss - last.loss)))
    }
    return LossCurve(points: kept)
  }

  /// The mean loss of the last `fraction` of the points: the noise of single batches averaged away.
  package func finalLoss(over fraction: Double = 0.05) -> Double {
    end(fraction).mean
  }

  /// The losses of the last `fraction` of the points; of a curve of at least twenty points, three or more.
  private func end(_ fraction: Double) -> [Double] {
    let count = max(points.count >= 20 ? 3 : 1, Int((Double(points.count) * fraction).rounded()))
    return points.suffix(count).map(\.loss)
  }

  /// Half the width of the 95 % interval of that mean, from the scatter of those points; 0 for a single one.
  package func finalSpread(over fraction: Double = 0.05) -> Double {
    let losses = end(fraction)
    return Estimate.normalQuantile * losses.standardDeviation / Double(losses.count).squareRoot()
  }

  private static func cells(_ line: Substring) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map { cell in
      String(cell.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
  }
}

/// A curve through measured points, linear in the logarithms of both axes: over the narrow range of sizes
/// used here, loss against cost is close to a power law.
package enum Interpolation {
  /// The `x` at which the curve reaches `y`, or nil when no two neighbouring points enclose it.
  ///
  /// - Parameter points: positive, in any order. An answer outside of the measured range is refused, not extrapolated.
  package static func solve(for y: Double, in points: [(x: Double, y: Double)]) -> Double? {
    let sorted = points.filter { $0.x > 0 && $0.y > 0 }.sorted { $0.x < $1.x }
    guard y > 0 else { return nil }
    for (left, right) in zip(sorted, sorted.dropFirst())
    where (left.y - y) * (right.y - y) <= 0 && left.y != right.y {
      let fraction = (y.logarithm - left.y.logarithm) / (right.y.logarithm - left.y.logarithm)
      return (left.x.logarithm + fraction * (right.x.logarithm - left.x.logarithm)).exponential
    }
    return sorted.first { $0.y == y }?.x
  }
}
