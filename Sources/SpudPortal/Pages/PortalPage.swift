/// A page of the portal: elements on a grid, of which fields and buttons are of one form.
package struct PortalPage: Sendable, Equatable {
  /// Letters along a row, and rows; a letter is 8 × 16 pixels.
  package static let columns = 32, rows = 16
  package static let fieldWidth = 22
  package static let letterWidth = 8, letterHeight = 16

  package var elements: [PageElement] = []
  /// Where the form goes; nil where the page has none.
  package var target: String?
  /// Whether the form changes something, so that it is a POST.
  package var isWrite = false

  package init() {}

  /// The page as HTML: every element at its place in pixels, in GNU Unifont.
  package var html: String {
    let parts = elements.map { element in
      switch element {
      case .text(let text, let row, let column): "<span \(Self.place(row, column))>\(text.escaped)</span>"
      case .link(let text, let target, let row, let column):
        "<a \(Self.place(row, column)) href=\"\(target.escaped)\">\(text.escaped)</a>"
      case .button(let text, let row, let column): "<button \(Self.place(row, column))>\(text.escaped)</button>"
      case .field(let name, let value, let row, let column):
        "<input \(Self.place(row, column)) name=\"\(name.escaped)\" value=\"\(value.escaped)\" autocomplete=off>"
      }
    }
    let body = parts.joined(separator: "\n")
    let form = target.map { "<form method=\(isWrite ? "post" : "get") action=\"\($0.escaped)\">\n\(body)\n</form>" }
    return Self.head + (form ?? body) + "</body>\n"
  }

  private static func place(_ row: Int, _ column: Int) -> String {
    "style=\"left:\(column * letterWidth)px;top:\(row * letterHeight)px\""
  }

  private static let head = """
    <!doctype html>
    <html lang=en><meta charset=utf-8><title>Portal</title><style>
    body { margin: 0; background: #fff; overflow: hidden }
    body, input, button, a { font: 16px/16px Unifont; color: #000 }
    span, a, input, button { position: absolute; white-space: pre; height: 16px; padding: 0; border: 0; margin: 0 }
    a { color: #00c; text-decoration: none }
    input { width: \(fieldWidth * letterWidth)px; background: #eee; border-radius: 0;
       outline: none; caret-color: transparent }
    input:focus { background: #ffc }
    button { background: #ccc; outline: none; border-radius: 0 }
    </style><body>

    """
}

extension String {
  /// As text or an attribute in quotes of HTML.
  var escaped: String {
    var result = ""
    for letter in self {
      switch letter {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(letter)
      }
    }
    return result
  }
}
