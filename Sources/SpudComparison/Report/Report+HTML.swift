extension Report {
  /// The report as one page that needs nothing else: no scripts, no fonts, no requests.
  package func html() -> String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline';img-src data:">
    <meta name="color-scheme" content="light dark">
    <title>Unified or pipelined? Nine claims, measured</title>
    <link rel="icon" href="data:,">
    <style>
    \(StyleSheet.text)
    </style></head>
    <body><a class="skip" href="#claims">To the claims</a><main>
    \(head())
    \(skillsSection())
    \(claims.map(section).joined(separator: "\n"))
    \(requestSection())
    \(expertsSection())
    \(systemsSection())
    <footer>Written by <code>spud compare</code>. \(escaped(settingLine))</footer>
    </main></body></html>

    """
  }

  // MARK: - First screen

  private func head() -> String {
    """
    <header><h1>Unified or pipelined?</h1><p class="summary">\(escaped(summary))</p>
    <p class="meta">\(escaped(settingLine))</p>
    \(setting.remarks.isEmpty ? "" : "<p class=\"remark\">\(escaped(setting.remarks.joined(separator: " ")))</p>")
    </header>
    <ol class="claims" id="claims" aria-label="The claims and their verdicts">
    <li class="head" aria-hidden="true"><span>verdict</span><span>claim</span><span>measured</span>\
    <span>baseline</span><span style="text-align:right">ratio</span></li>
    \(claims.map(overviewRow).joined(separator: "\n"))
    </ol>
    <p class="meta">\(escaped(Claim.origin))</p>
    """
  }

  private func overviewRow(_ claim: Claim) -> String {
    """
    <li><a href="#claim-\(claim.id.rawValue)" data-claim="\(claim.id.rawValue)" \
    data-verdict="\(claim.verdict.rawValue)">\
    <div class="mark">\(mark(claim.verdict))</div>\
    <div class="claim"><b>\(escaped(claim.id.title))</b><span>\(escaped(claim.statement))</span></div>\
    \(number(claim.measured, otherwise: "–"))\(number(claim.baseline, otherwise: "–"))\
    <div class="ratio">\(claim.ratio.map { escaped(Format.factor($0.value)) } ?? "")</div></a></li>
    """
  }

  private func number(_ figure: Figure?, otherwise: String) -> String {
    guard let figure else { return "<div class=\"number\"><span>\(otherwise)</span></div>" }
    return "<div class=\"number\"><b>\(escaped(figure.text))</b><span>\(escaped(figure.name))</span></div>"
  }

  private func mark(_ verdict: Verdict) -> String {
    let style =
      switch verdict {
      case .holds: "holds"
      case .holdsInPart: "part"
      case .doesNotHold: "not"
      case .cannotTell: "open"
      case .notMeasured: "none"
      }
    return "<span class=\"verdict \(style)\"><i aria-hidden=\"true\"></i>\(verdict.rawValue)</span>"
  }

  // MARK: - A section a claim

  private func section(_ claim: Claim) -> String {
    """
    <section id="claim-\(claim.id.rawValue)"><h2>\(escaped(claim.id.title))</h2>
    <div class="kicker">\(mark(claim.verdict))<em>“\(escaped(claim.statement))”</em></div>
    <p class="finding">\(escaped(claim.finding))</p>
    \(facts(claim))\(claim.plots.map(Chart.figure).joined())
    <div class="prose"><div><h3>Method</h3><p>\(escaped(claim.method))</p></div>
    <div><h3>What would change the verdict</h3><p>\(escaped(claim.line))</p></div></div>
    \(claim.tables.map(details).joined())
    </section>
    """
  }

  private func facts(_ claim: Claim) -> String {
    guard claim.verdict != .notMeasured else { return "" }
    var facts: [(String, String, isSmall: Bool)] = []
    for figure in [claim.measured, claim.baseline].compactMap({ $0 }) {
      facts.append((figure.name, figure.text, false))
    }
    if let ratio = claim.ratio { facts.append(("measured over baseline", Format.factor(ratio.value), false)) }
    facts.append(("spread, of \(Format.grouped(claim.runs)) observations", claim.spread, true))
    let items = facts.map { name, value, isSmall in
      "<div><dt>\(escaped(name))</dt><dd\(isSmall ? " class=\"small\"" : "")>\(escaped(value))</dd></div>"
    }
    return "<dl class=\"facts\">\(items.joined())</dl>"
  }

  private func details(_ table: Table) -> String {
    "<details><summary>\(escaped(table.title))</summary>\(markup(table))</details>"
  }

  private func markup(_ table: Table) -> String {
    let head = table.columns.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
    let rows = table.rows.map { row in
      "<tr>"
        + row.enumerated().map { column, cell in
          let style =
            cell.hasSuffix("✓")
            ? " class=\"cleared\""
            : cell.hasSuffix("✗")
              ? " class=\"missed\""
              : column > 0 && cell.count > 48 ? " class=\"wrap\"" : ""
          return column == 0 ? "<th scope=\"row\">\(escaped(cell))</th>" : "<td\(style)>\(escaped(cell))</td>"
        }.joined() + "</tr>"
    }.joined()
    return """
      <div class="scroll" tabindex="0"><table><thead><tr>\(head)</tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  // MARK: - What is not one claim's

  private func skillsSection() -> String {
    guard !tasks.isEmpty else { return "" }
    let names = tasks.map(\.skill).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let asked = systems.map(\.id).filter { id in tasks.contains { $0.system == id } }
    let groups = names.map { name in
      Plot.Ranges.Group(
        name: name,
        values: asked.map { id in
          tasks.first { $0.skill == name && $0.system == id }.map { result in
            // Error rates are drawn as what is left of them, so that right is better in every row.
            result.metric.isError
              ? .init(
                middle: max(0, 1 - result.value.value), low: max(0, 1 - result.value.high),
                high: max(0, 1 - result.value.low))
              : .init(middle: result.value.value, low: result.value.low, high: result.value.high)
          }
        })
    }
    let plot = Plot(
      id: "skills", title: "Skills, by system",
      caption: "Right is better. Error rates are drawn as 100 % less the error. Bars are 95 % intervals.",
      content: .ranges(Plot.Ranges(series: asked, groups: groups, unit: .share, reference: nil)))
    return """
      <section id="skills-section"><h2>What the systems can do</h2>\(Chart.figure(plot))
      <details open><summary>\(escaped(skillTable.title))</summary>\(markup(skillTable))</details>
      \(details(detailTable))</section>
      """
  }

  private func requestSection() -> String {
    guard let showcase else { return "" }
    let picture = showcase.picture.map {
      "<img src=\"data:image/png;base64,\(escaped($0))\" alt=\"The picture of the prompt\" width=\"128\">"
    }
    return """
      <section id="request"><h2>One request through each system</h2>
      <div class="prompt">\(picture ?? "")<div><p class="finding" style="margin-top:0">\
      \(escaped(showcase.question.isEmpty ? "The question is in the recording." : "“\(showcase.question)”"))</p>\
      <p class="meta">\(escaped(showcase.example)); expected: \(escaped(showcase.expected))</p></div></div>
      \(showcase.timeline.map(Chart.figure) ?? "")
      \(showcase.stream.map(streamFigure) ?? "")</section>
      """
  }

  private func streamFigure(_ stream: StreamRecord) -> String {
    let modalities = ["text", "image", "audio", "control"]
    let keys = modalities.map { modality in
      let count = stream.tokens.filter { $0.modality == modality }.count
      return "<span><i class=\"m-\(modality)\"></i>\(modality), \(count) token\(count == 1 ? "" : "s")</span>"
    }
    let tokens = stream.tokens.map { token in
      let style = modalities.contains(token.modality) ? token.modality : "control"
      // A code means nothing to a reader: its place and colour do.
      let isCode = style == "image" || style == "audio"
      return isCode
        ? "<span class=\"dotted m-\(style)\" title=\"\(escaped(token.piece))\"></span>"
        : "<span class=\"m-\(style)\">\(escaped(token.piece))</span>"
    }
    return """
      <figure class="plot" id="stream">\
      <h4>The same prompt as the unified model reads it: \(stream.tokens.count) tokens</h4>
      <div class="keys">\(keys.joined())</div>
      <div class="tokens" role="img" aria-label="The prompt's tokens in order, coloured by modality">\
      \(tokens.joined())</div>
      <figcaption>One stream: a coloured box is a token. Codes of pictures and sound are drawn as bars, their names in \
      their titles.</figcaption></figure>
      """
  }

  private func expertsSection() -> String {
    guard let experts else { return "" }
    return """
      <section id="experts-section"><h2>Which experts are used for what</h2>\(Chart.figure(experts))</section>
      """
  }

  private func systemsSection() -> String {
    let table = Table(
      "Systems", columns: Self.systemColumns, rows: systems.map(Self.row))
    return """
      <section id="systems-section"><h2>The systems under test</h2>
      <div style="margin-top:18px">\(markup(table))</div>
      <p class="meta">\(escaped(SystemCard.definition))</p></section>
      """
  }
}
