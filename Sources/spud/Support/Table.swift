/// Rows of text in columns.
struct Table {
  enum Alignment { case left, right }

  var columns: [(title: String, alignment: Alignment)]
  var rows: [[String]] = []

  /// As Markdown, its columns padded so that it reads as plain text too.
  var markdown: String {
    let widths = columns.indices.map { column in
      max(columns[column].title.count, rows.map { $0[column].count }.max() ?? 0, 3)
    }
    func line(_ cells: [String]) -> String {
      "| " + cells.indices.map { pad(cells[$0], to: widths[$0], columns[$0].alignment) }.joined(separator: " | ") + " |"
    }
    let rule = columns.indices.map { column in
      columns[column].alignment == .left
        ? String(repeating: "-", count: widths[column]) : String(repeating: "-", count: widths[column] - 1) + ":"
    }
    return ([line(columns.map(\.title)), "| " + rule.joined(separator: " | ") + " |"] + rows.map(line))
      .joined(separator: "\n")
  }

  /// As comma-separated values (RFC 4180).
  var csv: String {
    ([columns.map(\.title)] + rows).map { $0.map(Self.quoted).joined(separator: ",") }.joined(separator: "\n")
  }

  private static func quoted(_ cell: String) -> String {
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
    return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  private func pad(_ text: String, to width: Int, _ alignment: Alignment) -> String {
    let space = String(repeating: " ", count: width - text.count)
    return alignment == .left ? text + space : space + text
  }
}
