extension Chart {
  /// One request through each system, on one axis of time: a lane a module, a colour a kind of work.
  static func draw(_ timeline: Plot.Timeline, _ layout: Layout) -> (SVG, height: Double) {
    var svg = SVG()
    let width = layout.width
    let works = ["tokenize", "prefill", "decode"]
    var top = legendOfWork(&svg, works)
    let gutter = layout.isNarrow ? 58.0 : 82.0
    let end = timeline.rows.map(\.total).max() ?? 1
    let scale = Scale(
      covering: [0, end], from: gutter, to: width - 14, tickCount: layout.isNarrow ? 3 : 7, including: [0])
    let start = top
    var lanes = SVG()
    for row in timeline.rows {
      let modules = row.bars.map(\.module).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      lanes.text(row.system, 0, top + 15, "label strong")
      lanes.text(
        "\(Format.seconds(row.total))\(row.answer.isEmpty ? "" : " → “\(row.answer)”")", width - 6, top + 15, "number",
        anchor: .end)
      top += 24
      let laneTop = top
      for module in modules {
        lanes.text(module, gutter - 8, top + 13, "tick", anchor: .end)
        for bar in row.bars where bar.module == module {
          let x = scale.place(bar.start)
          lanes.rectangle(
            x, top + 1, max(1, scale.place(bar.end) - x), 16, "work-\(works.contains(bar.work) ? bar.work : "decode")",
            radius: 1.5, title: "\(row.system), \(module): \(bar.work), \(Format.seconds(bar.end - bar.start))")
        }
        top += 20
      }
      let first = scale.place(row.firstToken)
      lanes.line(first, laneTop - 3, first, top, "first")
      top += 14
    }
    for tick in scale.ticks {
      svg.line(scale.place(tick), start, scale.place(tick), top - 4, "grid")
      svg.text(axisText(tick, .seconds), scale.place(tick), top + 12, "tick", anchor: .middle)
    }
    svg.append(lanes)
    return (svg, top + 22)
  }

  private static func legendOfWork(_ svg: inout SVG, _ works: [String]) -> Double {
    var x = 2.0
    for work in works {
      svg.rectangle(x, 4, 12, 12, "work-\(work)", radius: 2)
      svg.text(work, x + 18, 14, "label")
      x += SVG.width(of: work) + 36
    }
    svg.line(x + 4, 2, x + 4, 18, "first")
    svg.text("first token", x + 12, 14, "label")
    return 34
  }

  /// A panel a modality: layers down, experts across, the colour as deep as the share of tokens.
  static func draw(_ heat: Plot.Heat, _ layout: Layout) -> (SVG, height: Double) {
    var svg = SVG()
    let columns = layout.isNarrow ? 1 : min(2, max(1, heat.panels.count))
    let gap = 28.0
    let panelWidth = (layout.width - gap * Double(columns - 1)) / Double(columns)
    var top = 0.0
    var rowHeight = 0.0
    for (index, panel) in heat.panels.enumerated() {
      let column = index % columns
      if column == 0, index > 0 {
        top += rowHeight + 18
        rowHeight = 0
      }
      let left = Double(column) * (panelWidth + gap)
      let experts = panel.shares.map(\.count).max() ?? 1
      let cell = (panelWidth - 26) / Double(max(1, experts))
      let height = min(24, max(12, cell))
      svg.text(panel.name, left + 26, top + 14, "label strong")
      let peak = max(panel.shares.joined().max() ?? 1, 1e-9)
      for (layer, shares) in panel.shares.enumerated() {
        let y = top + 24 + Double(layer) * height
        svg.text("\(layer)", left + 18, y + height / 2 + 4, "tick", anchor: .end)
        for (expert, share) in shares.enumerated() {
          svg.rectangle(
            left + 26 + Double(expert) * cell, y, cell - 1, height - 1, "heat", radius: 1,
            opacity: 0.04 + 0.96 * share / peak,
            title: "\(panel.name), layer \(layer), expert \(expert): \(Format.percent(share))")
        }
      }
      rowHeight = max(rowHeight, 24 + Double(panel.shares.count) * height)
    }
    return (svg, top + rowHeight + 8)
  }
}
