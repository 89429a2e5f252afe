/// The way from a quantity to a place on an axis, with round numbers to label.
struct Scale {
  let low: Double
  let high: Double
  let start: Double
  let end: Double
  let isLogarithmic: Bool
  let ticks: [Double]

  /// Covers `values`, widened to round numbers.
  ///
  /// - Parameters:
  ///   - start: where the low end is, in pixels; `end` may lie before it, as on a vertical axis.
  ///   - tickCount: about how many labels there is room for.
  ///   - isWhole: whether the quantity is counted, so that there is nothing between whole numbers.
  init(
    covering values: [Double], from start: Double, to end: Double, tickCount: Int, isLogarithmic: Bool = false,
    including anchors: [Double] = [], isWhole: Bool = false
  ) {
    let finite = (values + anchors).filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
    var low = finite.min() ?? (isLogarithmic ? 1 : 0)
    var high = finite.max() ?? (isLogarithmic ? 10 : 1)
    self.start = start
    self.end = end
    self.isLogarithmic = isLogarithmic
    if isLogarithmic {
      low /= 1.15
      high *= 1.15
      ticks = Self.logarithmicTicks(low, high, finite, count: tickCount)
    } else {
      if high - low < max(low.magnitude, high.magnitude, 1e-12) * 1e-6 {
        let margin = max(high.magnitude * 0.1, 1e-9)
        low -= margin
        high += margin
      }
      let step = max(Self.step(high - low, count: tickCount), isWhole ? 1 : 0)
      low = (low / step + 1e-9).rounded(.down) * step
      high = (high / step - 1e-9).rounded(.up) * step
      let count = min(50, max(1, Int(((high - low) / step).rounded())))
      let first = low
      ticks = (0...count).map { index in
        let tick = first + Double(index) * step
        return tick.magnitude < step * 1e-6 ? 0 : tick
      }
    }
    self.low = low
    self.high = high
  }

  /// The place of `value`; values outside of the scale are drawn at its ends.
  func place(_ value: Double) -> Double {
    let clamped = min(max(value, low), high)
    let fraction =
      isLogarithmic
      ? (clamped.logarithm - low.logarithm) / (high.logarithm - low.logarithm)
      : (clamped - low) / (high - low)
    return start + (end - start) * fraction
  }

  /// 1, 2 or 5 times a power of ten.
  private static func step(_ span: Double, count: Int) -> Double {
    let rough = span / Double(max(1, count))
    let power = 10.0.raised(to: rough.decimalLogarithm.rounded(.down))
    let factor = rough / power
    return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10)
  }

  /// The measured places themselves when they are few, else powers of ten.
  private static func logarithmicTicks(_ low: Double, _ high: Double, _ values: [Double], count: Int) -> [Double] {
    let distinct = Set(values).sorted()
    if distinct.count <= max(count, 3) { return distinct }
    var ticks: [Double] = []
    var power = 10.0.raised(to: low.decimalLogarithm.rounded(.down))
    while power <= high {
      for factor in [1.0, 2, 5] where power * factor >= low && power * factor <= high { ticks.append(power * factor) }
      power *= 10
    }
    let stride = max(1, (ticks.count + count - 1) / max(1, count))
    return ticks.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
  }
}
