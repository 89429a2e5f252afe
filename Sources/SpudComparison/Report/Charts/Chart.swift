/// Draws plots. Each is drawn twice, for a wide page and for a narrow one, with letters of the same size: a drawing
/// that is merely scaled down cannot be read on a telephone.
enum Chart {
  /// How wide a drawing is, in pixels.
  enum Layout: String, CaseIterable {
    case wide
    case narrow

    var width: Double { self == .wide ? 1000 : 340 }
    var isNarrow: Bool { self == .narrow }
  }

  /// The plot with its caption as a `figure` element.
  static func figure(_ plot: Plot) -> String {
    let drawings = Layout.allCases.map { layout in
      let (svg, height) = drawing(plot.content, layout)
      return svg.element(
        id: "\(plot.id)-\(layout.rawValue)", width: layout.width, height: height, title: plot.title,
        caption: plot.caption, style: layout.rawValue)
    }
    return """
      <figure class="plot" id="\(escaped(plot.id))"><h4>\(escaped(plot.title))</h4>\(drawings.joined())\
      <figcaption>\(escaped(plot.caption))</figcaption></figure>
      """
  }

  private static func drawing(_ content: Plot.Content, _ layout: Layout) -> (SVG, height: Double) {
    switch content {
    case .ranges(let ranges): draw(ranges, layout)
    case .forest(let forest): draw(forest, layout)
    case .lines(let lines): draw(lines, layout)
    case .scatter(let scatter): draw(scatter, layout)
    case .timeline(let timeline): draw(timeline, layout)
    case .heat(let heat): draw(heat, layout)
    }
  }

  /// Names with their marks, in as many rows as they need; returns the height used.
  static func legend(_ svg: inout SVG, _ names: [String], width: Double, top: Double) -> Double {
    guard names.count > 1 else { return 0 }
    var x = 2.0
    var y = top + 12
    for (index, name) in names.enumerated() {
      let space = SVG.width(of: name) + 34
      if x + space > width, x > 2 {
        x = 2
        y += 20
      }
      svg.mark(index, x + 6, y - 4, 4.5)
      svg.text(name, x + 17, y, "label")
      x += space
    }
    return y - top + 12
  }
}
