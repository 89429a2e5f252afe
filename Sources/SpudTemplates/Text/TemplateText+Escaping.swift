extension TemplateText {
  /// With HTML's five characters as entities, unless it is markup already.
  var escaped: TemplateText {
    if isMarkup { return self }
    var result = mapScalars { placed, _ in
      switch placed.scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "'": "&#39;"
      case "\"": "&#34;"
      default: String(placed.scalar)
      }
    }
    result.isMarkup = true
    return result
  }
}
