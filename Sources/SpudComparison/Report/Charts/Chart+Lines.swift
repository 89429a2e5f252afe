extension Chart {
  /// Curves through points, with whiskers where there is a spread.
  static func draw(_ lines: Plot.Lines, _ layout: Layout) -> (SVG, height: Double) {
    var svg = SVG()
    let width = layout.width
    let top = legend(&svg, lines.series.map(\.name), width: width, top: 0) + 26
    let bottom = top + (layout.isNarrow ? 210 : 270)
    let points = lines.series.flatMap(\.points)
    let heights = points.flatMap { [$0.y, $0.low, $0.high].compactMap { $0 } }
    let y = Scale(
      covering: heights + [lines.reference].compactMap { $0 }, from: bottom, to: top, tickCount: 5,
      including: lines.startsAtZero ? [0] : [])
    let gutter = (y.ticks.map { SVG.width(of: axisText($0, lines.yUnit), size: 12) }.max() ?? 0) + 14
    let x = Scale(
      covering: points.map(\.x), from: gutter + 8, to: width - 18, tickCount: layout.isNarrow ? 4 : 8,
      isLogarithmic: lines.xIsLogarithmic, isWhole: lines.xUnit == .count)
    svg.text(lines.yLabel, 0, top - 12, "tick")
    for tick in y.ticks {
      svg.line(gutter, y.place(tick), width - 8, y.place(tick), tick == 0 ? "axis" : "grid")
      svg.text(axisText(tick, lines.yUnit), gutter - 8, y.place(tick) + 4, "tick", anchor: .end)
    }
    var occupied = -Double.infinity
    for tick in x.ticks {
      let text = axisText(tick, lines.xUnit)
      let half = SVG.width(of: text, size: 12) / 2
      // A label that would touch its neighbour is left out; its mark stays.
      svg.line(x.place(tick), bottom, x.place(tick), bottom + 4, "axis")
      guard x.place(tick) - half > occupied else { continue }
      svg.text(text, min(x.place(tick), width - half), bottom + 18, "tick", anchor: .middle)
      occupied = x.place(tick) + half + 6
    }
    svg.text(lines.xLabel, (gutter + width) / 2, bottom + 36, "tick", anchor: .middle)
    if let reference = lines.reference {
      svg.line(gutter, y.place(reference), width - 8, y.place(reference), "reference")
      svg.text(lines.referenceLabel, width - 10, y.place(reference) - 6, "tick", anchor: .end)
    }
    for (index, series) in lines.series.enumerated() {
      if series.isJoined, series.points.count > 1 {
        svg.polyline(series.points.map { (x.place($0.x), y.place($0.y)) }, "line stroke\(index % 7)")
      }
      for point in series.points {
        if let low = point.low, let high = point.high {
          svg.line(x.place(point.x), y.place(low), x.place(point.x), y.place(high), "whisker stroke\(index % 7)")
        }
        svg.mark(
          index, x.place(point.x), y.place(point.y), series.isJoined ? 3.6 : 5.5,
          title: "\(series.name): \(lines.xUnit.text(point.x)) → \(lines.yUnit.text(point.y))")
      }
    }
    return (svg, bottom + 44)
  }

  /// Named points; a shape a modality, a name a concept.
  static func draw(_ scatter: Plot.Scatter, _ layout: Layout) -> (SVG, height: Double) {
    var svg = SVG()
    let width = layout.width
    let modalities = Set(scatter.points.map(\.modality)).sorted()
    let top = legend(&svg, modalities, width: width, top: 0) + 10
    let bottom = top + (layout.isNarrow ? 320 : 430)
    let x = Scale(covering: scatter.points.map(\.x), from: 16, to: width - 60, tickCount: 6)
    let y = Scale(covering: scatter.points.map(\.y), from: bottom - 10, to: top + 10, tickCount: 6)
    svg.rectangle(0.5, top, width - 1, bottom - top, "frame", radius: 4)
    svg.line(x.place(0), top, x.place(0), bottom, "grid")
    svg.line(0, y.place(0), width, y.place(0), "grid")
    // A thin line joins the modalities of one concept: its length is how far the space is from being one.
    for (_, points) in Dictionary(grouping: scatter.points, by: \.concept).sorted(by: { $0.key < $1.key })
    where points.count > 1 {
      let ordered = points.sorted { $0.modality < $1.modality }
      svg.polyline(ordered.map { (x.place($0.x), y.place($0.y)) }, "joint")
    }
    for point in scatter.points {
      let series = modalities.firstIndex(of: point.modality) ?? 0
      svg.mark(series, x.place(point.x), y.place(point.y), 4, title: "\(point.concept), \(point.modality)")
      if !layout.isNarrow || series == 0 {
        svg.text(point.concept, x.place(point.x) + 7, y.place(point.y) + 4, "small")
      }
    }
    svg.text(scatter.xLabel, width - 6, bottom - 8, "tick", anchor: .end)
    svg.text(scatter.yLabel, 6, top + 15, "tick")
    return (svg, bottom + 6)
  }
}
