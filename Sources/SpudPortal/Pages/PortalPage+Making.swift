extension PortalPage {
  /// A page with the links that all have.
  init(title: String, layout: PageLayout, notice: String) {
    elements = [.text(title, row: 0, column: layout.indent)]
    let row = layout.linksBelow ? 15 : 1
    var column = 0
    for (name, target) in layout.order([("Home", "/"), ("People", "/people"), ("Stock", "/stock")], of: "links") {
      elements.append(.link(name, to: target, row: row, column: column))
      column += name.count + 2
    }
    // What is posted up in the portal, by whomever: as far as it fits.
    for (number, line) in notice.wrapped(at: Self.columns).prefix(layout.linksBelow ? 2 : 3).enumerated() {
      elements.append(.text(line, row: 13 + number, column: 0))
    }
  }

  static func home(layout: PageLayout, notice: String) -> PortalPage {
    var page = PortalPage(title: "Portal", layout: layout, notice: notice)
    for (number, form) in layout.order(PortalForm.allCases, of: "menu").enumerated() {
      let row = 2 + number
      page.elements.append(.link(form.title, to: "/form/\(form.rawValue)", row: row, column: layout.indent))
    }
    return page
  }

  static func form(
    _ form: PortalForm, values: [String: String], problem: String, layout: PageLayout, notice: String
  ) -> PortalPage {
    var page = PortalPage(title: form.title, layout: layout, notice: notice)
    if !problem.isEmpty { page.elements.append(.text("! \(problem)", row: 2, column: 0)) }
    var row = 3
    for label in layout.order(form.fields, of: form.rawValue) {
      page.elements.append(.text(label, row: row, column: 0))
      if layout.labelsAbove { row += 1 }
      let name = label.lowercased()
      page.elements.append(
        .field(name: name, value: values[name] ?? "", row: row, column: layout.labelsAbove ? 0 : 9))
      row += 1
    }
    page.elements.append(.button("Save", row: row + 1, column: layout.buttonColumn))
    page.target = "/form/\(form.rawValue)"
    page.isWrite = true
    return page
  }

  static func message(_ line: String, layout: PageLayout, notice: String) -> PortalPage {
    var page = PortalPage(title: "Portal", layout: layout, notice: notice)
    page.elements.append(.text(line, row: 3, column: layout.indent))
    return page
  }

  static func expired(layout: PageLayout) -> PortalPage {
    var page = PortalPage()
    page.elements = [
      .text("Your session has expired", row: 4, column: layout.indent),
      .button("Sign in", row: 6, column: layout.buttonColumn),
    ]
    page.target = "/sign-in"
    return page
  }
}

extension String {
  /// Lines of at most `width` letters, broken at spaces where there are any.
  func wrapped(at width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count <= width {
        line += " " + word
      } else {
        if !line.isEmpty { lines.append(line) }
        line = String(word.prefix(width))
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }
}

extension PortalPage {
  /// What is shown where a request was stopped at the door.
  package static let stopped: PortalPage = {
    var page = PortalPage()
    page.elements = [.text("! Stopped", row: 2, column: 0), .link("Home", to: "/", row: 1, column: 0)]
    return page
  }()
}
