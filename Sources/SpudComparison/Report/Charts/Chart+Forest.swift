extension Chart {
  /// Intervals against the line of no effect; what lies clear of it is drawn in full colour.
  static func draw(_ forest: Plot.Forest, _ layout: Layout) -> (SVG, height: Double) {
    var svg = SVG()
    let width = layout.width
    // On a narrow page a row's name is above its bar, on a wide one beside it.
    let gutter = layout.isNarrow ? 4 : (forest.rows.map { SVG.width(of: $0.name) }.max() ?? 0) + 18
    let numbers = layout.isNarrow ? 8.0 : 190.0
    let rowHeight = layout.isNarrow ? 38.0 : 25.0
    let top = 30.0
    let bottom = top + Double(forest.rows.count) * rowHeight
    // An interval that reaches far beyond all values is cut off: its numbers are beside it.
    let values = forest.rows.map(\.estimate.value) + [forest.neutral]
    let reach = ((values.max() ?? 1) - (values.min() ?? 0)) / 2 + 0.02
    let shown = (values.min() ?? 0) - reach...(values.max() ?? 1) + reach
    func clipped(_ value: Double) -> Double { min(max(value, shown.lowerBound), shown.upperBound) }
    let scale = Scale(
      covering: forest.rows.flatMap { [clipped($0.estimate.low), clipped($0.estimate.high)] }, from: gutter + 6,
      to: width - numbers - 10, tickCount: layout.isNarrow ? 4 : 6, including: [forest.neutral])
    for tick in scale.ticks {
      svg.line(scale.place(tick), top - 4, scale.place(tick), bottom, "grid")
      svg.text(axisText(tick, forest.unit), scale.place(tick), bottom + 17, "tick", anchor: .middle)
    }
    let neutral = scale.place(forest.neutral)
    svg.line(neutral, top - 8, neutral, bottom + 4, "axis")
    label(&svg, forest, neutral: neutral, width: width)
    for (index, row) in forest.rows.enumerated() {
      let y = top + (Double(index) + 0.5) * rowHeight + (layout.isNarrow ? 8 : 0)
      let style = style(row.estimate, forest)
      let weight = row.isTotal ? "label strong" : "label"
      let numbers =
        "\(forest.unit.text(row.estimate.value)) "
        + "[\(bare(row.estimate.low, forest.unit)), \(bare(row.estimate.high, forest.unit))]"
      if layout.isNarrow {
        svg.text(row.name, gutter, y - 12, weight)
        // The interval is in the mark's title too, so a long name may have its place.
        let isCrowded = SVG.width(of: row.name) + SVG.width(of: numbers) > width - gutter - 16
        svg.text(
          isCrowded ? forest.unit.text(row.estimate.value) : numbers, width - 6, y - 12, "number", anchor: .end)
      } else {
        svg.text(row.name, gutter - 12, y + 4, weight, anchor: .end)
        svg.text(numbers, width - 4, y + 4, "number", anchor: .end)
      }
      let low = scale.place(clipped(row.estimate.low))
      let high = scale.place(clipped(row.estimate.high))
      let height = row.isTotal ? 7.0 : 4.0
      svg.rectangle(
        low, y - height / 2, max(1.5, high - low), height, "bar \(style)", radius: 2,
        title: "\(row.name): \(numbers)")
      svg.circle(
        scale.place(row.estimate.value), y, row.isTotal ? 6 : 4.5, "dot \(style)", title: "\(row.name): \(numbers)")
    }
    return (svg, bottom + 28)
  }

  /// Whether the interval lies on the unified model's side of the line, on the other's, or on both. Of ratios, which
  /// are of times and prices, less is better; of differences, which are of accuracies, more is.
  private static func style(_ estimate: Estimate, _ forest: Plot.Forest) -> String {
    let isBelow = estimate.high < forest.neutral
    let isAbove = estimate.low > forest.neutral
    guard isBelow || isAbove else { return "unclear" }
    return isBelow == (forest.unit == .factor) ? "good" : "bad"
  }

  private static func label(_ svg: inout SVG, _ forest: Plot.Forest, neutral: Double, width: Double) {
    let left = "◂ \(forest.leftLabel)"
    let right = "\(forest.rightLabel) ▸"
    // Each label is on its own side of the line if there is room for it there.
    if neutral - SVG.width(of: left, size: 12) > 4 {
      svg.text(left, neutral - 8, 12, "tick", anchor: .end)
    }
    if neutral + SVG.width(of: right, size: 12) < width - 4 {
      svg.text(right, neutral + 8, 12, "tick")
    }
  }

  /// A number on an axis: the unit's last word would be repeated at every tick.
  static func axisText(_ value: Double, _ unit: Unit) -> String {
    switch unit {
    case .points: (value > 0 ? "+" : "") + Format.fixed(value * 100, value.magnitude < 0.0999 && value != 0 ? 1 : 0)
    case .share: Format.fixed(value * 100, 0) + " %"
    case .factor: Format.trimmed(Format.figures(value)) + "×"
    case .seconds: value == 0 ? "0" : Format.trimmed(Format.seconds(value))
    case .loss: Format.trimmed(Format.figures(value))
    case .count, .moneyPerThousand: Format.trimmed(Format.number(value))
    }
  }

  private static func bare(_ value: Double, _ unit: Unit) -> String {
    switch unit {
    case .points: (value > 0 ? "+" : "") + Format.fixed(value * 100, 1)
    case .factor: Format.fixed(value, 2)
    case .seconds, .share, .count, .moneyPerThousand, .loss: unit.text(value)
    }
  }
}
