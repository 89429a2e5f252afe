extension Chart {
  /// Dots with bars over their spread, grouped; a row a series within each group.
  static func draw(_ ranges: Plot.Ranges, _ layout: Layout) -> (SVG, height: Double) {
    var svg = SVG()
    let width = layout.width
    let legendHeight = legend(&svg, ranges.series, width: width, top: 0)
    let gutter = layout.isNarrow ? 4.0 : (ranges.groups.map { SVG.width(of: $0.name) }.max() ?? 0) + 20
    let rowHeight = 15.0
    let headHeight = layout.isNarrow ? 20.0 : 0
    let groupHeight = headHeight + Double(ranges.series.count) * rowHeight + 12
    let top = legendHeight + 6
    let bottom = top + Double(ranges.groups.count) * groupHeight
    let values = ranges.groups.flatMap(\.values).compactMap { $0 }
    let scale = Scale(
      covering: values.flatMap { [$0.low, $0.high] } + [ranges.reference].compactMap { $0 }, from: gutter,
      to: width - 74, tickCount: layout.isNarrow ? 4 : 7, including: [0])
    for tick in scale.ticks {
      svg.line(scale.place(tick), top, scale.place(tick), bottom, "grid")
      svg.text(axisText(tick, ranges.unit), scale.place(tick), bottom + 17, "tick", anchor: .middle)
    }
    if let reference = ranges.reference {
      svg.line(scale.place(reference), top, scale.place(reference), bottom, "reference")
    }
    for (index, group) in ranges.groups.enumerated() {
      let y = top + Double(index) * groupHeight
      if index > 0 { svg.line(0, y, width, y, "rule") }
      if layout.isNarrow {
        svg.text(group.name, 4, y + 15, "label strong")
      } else {
        svg.text(group.name, gutter - 14, y + groupHeight / 2 + 4, "label strong", anchor: .end)
      }
      for (series, value) in group.values.enumerated() {
        guard let value else { continue }
        let middle = y + headHeight + 6 + (Double(series) + 0.5) * rowHeight
        let low = scale.place(value.low)
        let name = ranges.series.indices.contains(series) ? ranges.series[series] : ""
        let title =
          "\(group.name), \(name): \(ranges.unit.text(value.middle)) "
          + "(\(ranges.unit.text(value.low)) … \(ranges.unit.text(value.high)))"
        svg.rectangle(
          low, middle - 1.5, max(1, scale.place(value.high) - low), 3, "fill\(series % 7)", radius: 1.5, opacity: 0.45,
          title: title)
        svg.mark(series, scale.place(value.middle), middle, 4.2, title: title)
        svg.text(ranges.unit.text(value.middle), width - 4, middle + 4, "number", anchor: .end)
      }
    }
    return (svg, bottom + 26)
  }
}
