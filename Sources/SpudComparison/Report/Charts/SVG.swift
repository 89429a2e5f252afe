/// Text that is safe inside of HTML and SVG, in elements and in quoted attributes alike.
func escaped(_ text: String) -> String {
  var result = ""
  result.reserveCapacity(text.utf8.count)
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
    // Control characters are not allowed in a page, whatever a user's file spells.
    case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A drawing under construction: shapes in the page's own classes, so that its colours follow light and dark.
struct SVG {
  /// Where a text's anchor is.
  enum Anchor: String {
    case start
    case middle
    case end
  }

  private(set) var body = ""

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" class=\"\(style)\"/>"
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, radius: Double = 0,
    opacity: Double? = nil, title: String = ""
  ) {
    let opacity = opacity.map { " fill-opacity=\"\(n($0))\"" } ?? ""
    let corner = radius > 0 ? " rx=\"\(n(radius))\"" : ""
    body += "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\""
    body += "\(corner)\(opacity) class=\"\(style)\"\(close("rect", title))"
  }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ style: String, title: String = "") {
    body += "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" class=\"\(style)\"\(close("circle", title))"
  }

  mutating func polygon(_ points: [(x: Double, y: Double)], _ style: String, title: String = "") {
    let list = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
    body += "<polygon points=\"\(list)\" class=\"\(style)\"\(close("polygon", title))"
  }

  mutating func polyline(_ points: [(x: Double, y: Double)], _ style: String) {
    let list = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
    body += "<polyline points=\"\(list)\" class=\"\(style)\"/>"
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ style: String, anchor: Anchor = .start
  ) {
    let anchor = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
    body += "<text x=\"\(n(x))\" y=\"\(n(y))\"\(anchor) class=\"\(style)\">\(escaped(text))</text>"
  }

  /// A mark that differs by shape as well as by colour, for those who cannot tell the colours apart.
  mutating func mark(_ series: Int, _ x: Double, _ y: Double, _ size: Double, title: String = "") {
    let style = "fill\(series % 7)"
    switch series % 4 {
    case 0:
      circle(x, y, size, style, title: title)
    case 1:
      polygon(
        [(x, y - size * 1.25), (x + size * 1.25, y), (x, y + size * 1.25), (x - size * 1.25, y)], style, title: title)
    case 2:
      rectangle(x - size * 0.9, y - size * 0.9, size * 1.8, size * 1.8, style, title: title)
    default:
      polygon(
        [(x, y - size * 1.2), (x + size * 1.15, y + size * 0.9), (x - size * 1.15, y + size * 0.9)], style,
        title: title)
    }
  }

  /// Lays `other` over this drawing.
  mutating func append(_ other: SVG) {
    body += other.body
  }

  /// The drawing as an element that says what it shows.
  func element(id: String, width: Double, height: Double, title: String, caption: String, style: String) -> String {
    """
    <svg id="\(escaped(id))" class="\(style)" viewBox="0 0 \(n(width)) \(n(height))" role="img" \
    aria-labelledby="\(escaped(id))-t \(escaped(id))-d"><title id="\(escaped(id))-t">\(escaped(title))</title>\
    <desc id="\(escaped(id))-d">\(escaped(caption))</desc>\(body)</svg>
    """
  }

  private func close(_ name: String, _ title: String) -> String {
    title.isEmpty ? "/>" : "><title>\(escaped(title))</title></\(name)>"
  }

  /// A coordinate with at most two decimals; a page of plots is mostly coordinates.
  private func n(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e9 else { return "0" }
    let hundredths = Int((value * 100).rounded())
    let sign = hundredths < 0 ? "-" : ""
    let whole = hundredths.magnitude / 100
    let rest = hundredths.magnitude % 100
    if rest == 0 { return "\(sign)\(whole)" }
    return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }
}

extension SVG {
  /// About how wide `text` is at the plots' size of letters, in pixels: there is no font to ask.
  static func width(of text: String, size: Double = 13) -> Double {
    text.reduce(0) { sum, character in
      let isWide = character.isUppercase || character == "m" || character == "w"
      return sum + (isWide ? 0.68 : "iljt.,:;|' ".contains(character) ? 0.3 : 0.55)
    } * size
  }
}
