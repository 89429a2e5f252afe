extension Report {
  /// The report as Markdown: the verdicts first, then a section a claim.
  package func markdown() -> String {
    var text = "# Unified or pipelined?\n\n\(plain(summary))\n\n"
    text += "\(plain(settingLine))\n\n"
    for remark in setting.remarks { text += "> \(plain(remark))\n\n" }
    text += Self.table(
      columns: ["claim", "verdict", "measured", "baseline", "ratio", "runs"],
      rows: claims.map { claim in
        [
          claim.statement, "**\(claim.verdict.rawValue)**", claim.measured.map { "\($0.text) (\($0.name))" } ?? "–",
          claim.baseline.map { "\($0.text) (\($0.name))" } ?? "–", claim.ratio.map { Format.factor($0.value) } ?? "–",
          "\(claim.runs)",
        ]
      })
    text += "\n\(plain(Claim.origin))\n"
    text += "\n## Skills\n\n" + skillsTable()
    text += "\n\(detailTable.title)\n\n" + Self.table(columns: detailTable.columns, rows: detailTable.rows)
    text += "\n## Systems\n\n"
    text += Self.table(columns: Self.systemColumns, rows: systems.map(Self.row))
    text += "\n\(plain(SystemCard.definition))\n"
    for claim in claims {
      text += "\n## \(claim.id.title): \(claim.verdict.rawValue)\n\n"
      text += "*\(plain(claim.statement))*\n\n\(plain(claim.finding))\n\n"
      text += "Spread: \(plain(claim.spread)). Runs: \(claim.runs).\n\n"
      text += "Method: \(plain(claim.method))\n\nWhat would change the verdict: \(plain(claim.line))\n"
      for table in claim.tables {
        text += "\n\(plain(table.title))\n\n" + Self.table(columns: table.columns, rows: table.rows)
      }
    }
    return text
  }

  /// The figures by skill and system as Markdown: also what `spud compare` prints.
  package func skillsTable() -> String {
    let table = skillTable
    return Self.table(columns: table.columns, rows: table.rows)
  }

  /// The figures by skill and system; only systems that were asked have a column.
  var skillTable: Table {
    let asked = systems.map(\.id).filter { id in tasks.contains { $0.system == id } }
    let names = tasks.map(\.skill).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return Table(
      "Figures by skill, with their bars", columns: ["skill", "measured as", "bar"] + asked,
      rows: names.map { name in
        let skill = Skill.named(name)
        return [name, skill.measure, skill.barText]
          + asked.map { id in tasks.first { $0.skill == name && $0.system == id }?.text ?? "–" }
      })
  }

  /// The same by task.
  var detailTable: Table {
    let asked = systems.map(\.id).filter { id in byTask.contains { $0.system == id } }
    let names = byTask.map(\.skill).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return Table(
      "Figures by task", columns: ["task", "measured as"] + asked,
      rows: names.map { name in
        [name, byTask.first { $0.skill == name }?.metric.rawValue ?? ""]
          + asked.map { id in byTask.first { $0.skill == name && $0.system == id }?.text ?? "–" }
      })
  }

  static let systemColumns = [
    "system", "what happens", "parameters", "active per token", "bytes per token", "operations per token",
  ]

  static func row(_ system: SystemCard) -> [String] {
    [
      system.id, system.kind.summary, Format.number(Double(system.parameters)),
      Format.number(Double(system.activeParameters)), Format.number(Double(system.bytesPerToken)),
      Format.number(Double(system.flopsPerToken)),
    ]
  }

  /// One line that says where the figures come from.
  package var settingLine: String {
    """
    \(setting.isQuick ? "Quick run" : "Full run") of \(setting.questions) questions from \(setting.suite), seed \
    \(setting.seed), on \(setting.machine) (\(setting.cores) cores, \
    \(Format.figures(Double(setting.memoryBytes) / 0x1p30)) GiB), \(setting.date), in \
    \(Format.seconds(setting.seconds)). \(setting.energy)
    """
  }

  static func table(columns: [String], rows: [[String]]) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.map(cell).joined(separator: " | ") + " |\n" }
    return line(columns) + "|" + String(repeating: "---|", count: columns.count) + "\n" + rows.map(line).joined()
  }

  /// A cell's text: a user's bar or line end would break the table.
  private static func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|").split(whereSeparator: \.isNewline).joined(separator: " ")
      .replacing("<", with: "&lt;")
  }

  private func plain(_ text: String) -> String {
    text.replacing("<", with: "&lt;")
  }
}
