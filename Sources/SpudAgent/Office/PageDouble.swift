package import SpudBrowser
internal import SpudGuardian
internal import SpudPortal

/// The pages of a portal without a browser: as much of one as its forms and links need, for many runs in little time.
///
/// What it shows are the letters and colours that the browser would draw; tests compare the two.
package final class PageDouble: Surface {
  private let office: Office
  private var page = PortalPage()
  private var focus: Int?
  private var isSelected = false

  package init(_ office: Office) { self.office = office }

  package func begin() throws { try open("/", body: nil) }

  private func open(_ path: String, body: String?) throws {
    page = try office.reply(to: path, body: body).page
    (focus, isSelected) = (nil, false)
  }

  package func look() throws -> Sight {
    let (columns, rows) = (PortalPage.columns, PortalPage.rows)
    var cells = [Sight.Cell](repeating: .init(letter: " ", paper: 0xFFFFFF, ink: 0xFFFFFF), count: columns * rows)
    func draw(_ text: String, _ row: Int, _ column: Int, paper: Int = 0xFFFFFF, ink: Int = 0, width: Int? = nil) {
      let letters = Array(text.prefix(width ?? text.count))
      for offset in 0..<(width ?? letters.count) where column + offset < columns && row < rows {
        let letter = offset < letters.count ? letters[offset] : " "
        let known = letter.isASCII ? letter : Sight.Cell.unknown
        cells[row * columns + column + offset] = .init(letter: known, paper: paper, ink: letter == " " ? paper : ink)
      }
    }
    for (number, element) in page.elements.enumerated() {
      switch element {
      case .text(let text, let row, let column): draw(text, row, column)
      case .link(let text, _, let row, let column): draw(text, row, column, ink: 0x0000CC)
      case .button(let text, let row, let column): draw(text, row, column, paper: 0xCCCCCC)
      case .field(_, let value, let row, let column):
        let paper = number == focus ? 0xFFFFCC : 0xEEEEEE
        draw(value, row, column, paper: paper, width: PortalPage.fieldWidth)
      }
    }
    let text = cells.map { "\($0.letter)\($0.paper),\($0.ink)" }.joined()
    return Sight(columns: columns, rows: rows, cells: cells, fingerprint: Fingerprint(of: text))
  }

  package func perform(_ gesture: Gesture) throws {
    switch gesture {
    case .click(let x, let y):
      try click(row: y / PortalPage.letterHeight, column: x / PortalPage.letterWidth)
    case .type(let text):
      edit { isSelected ? text : $0 + text }
    case .key(.all): isSelected = focus != nil
    case .key(.backspace): edit { isSelected ? "" : String($0.dropLast()) }
    case .key(.enter): if focus != nil { try send() }
    case .key, .drag, .scroll: break
    }
  }

  private func edit(_ change: (String) -> String) {
    guard let focus, case .field(let name, let value, let row, let column) = page.elements[focus] else { return }
    page.elements[focus] = .field(name: name, value: change(value), row: row, column: column)
    isSelected = false
  }

  private func click(row: Int, column: Int) throws {
    let hit = page.elements.lastIndex { element in
      switch element {
      case .text(let text, let r, let c), .link(let text, _, let r, let c), .button(let text, let r, let c):
        r == row && (c..<c + text.count).contains(column)
      case .field(_, _, let r, let c): r == row && (c..<c + PortalPage.fieldWidth).contains(column)
      }
    }
    (focus, isSelected) = (nil, false)
    guard let hit else { return }
    switch page.elements[hit] {
    case .text: break
    case .link(_, let target, _, _): try open(target, body: nil)
    case .button: try send()
    case .field: focus = hit
    }
  }

  private func send() throws {
    guard let target = page.target else { return }
    let pairs = page.elements.compactMap { element in
      if case .field(let name, let value, _, _) = element { "\(name.encoded)=\(value.encoded)" } else { String?.none }
    }
    let text = pairs.joined(separator: "&")
    try open(page.isWrite ? target : "\(target)?\(text)", body: page.isWrite ? text : nil)
  }
}
