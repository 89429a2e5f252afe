internal import SpudErrors

/// Cuts a template into tokens.
///
/// Tags trim the text around them as Jinja does with `trim_blocks` and `lstrip_blocks`, the settings that chat
/// templates are written for: a block or a comment takes the newline behind it, and the spaces between a line's start
/// and itself; `-` at a tag's edge takes all white space there, `+` takes none.
struct TemplateLexer {
  let source: [Unicode.Scalar]
  let name: String
  var position = 0
  var line = 1
  var tokens: [TemplateToken] = []
  /// Brackets that are open within a tag; while there is one, `}}` and `%}` are only brackets.
  var openBrackets: [Unicode.Scalar] = []
  /// Whether what was read last ended with a newline.
  private var startsLine = true

  init(_ source: String, name: String) {
    self.name = name
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(source.utf8.count)
    var afterReturn = false
    for scalar in source.unicodeScalars {
      if scalar == "\n" && afterReturn {
        afterReturn = false
        continue
      }
      afterReturn = scalar == "\r"
      scalars.append(afterReturn ? "\n" : scalar)
    }
    // One newline at the very end is the file's, not the template's.
    if scalars.last == "\n" { scalars.removeLast() }
    self.source = scalars
  }

  static func tokens(of source: String, name: String) throws -> [TemplateToken] {
    var lexer = Self(source, name: name)
    try lexer.run()
    return lexer.tokens
  }

  private mutating func run() throws {
    while position < source.count {
      let start = position
      while position < source.count, !startsTag { position += 1 }
      let found = position < source.count
      var text = source[start..<position]
      let textLine = line
      line += newlines(start..<position)
      guard found else {
        add(text: text, line: textLine)
        break
      }
      let kind = source[position + 1]
      position += 2
      var sign: Unicode.Scalar?
      if let next = peek(), next == "-" || next == "+" {
        sign = next
        position += 1
      }
      if sign == "-" {
        while let last = text.last, last.isPythonSpace { text.removeLast() }
      } else if sign == nil, kind != "{" {
        stripIndentation(&text)
      }
      add(text: text, line: textLine)
      switch kind {
      case "#": try skipComment()
      case "%":
        if !(try takeRaw()) { try tag(.blockStart) }
      default: try tag(.outputStart)
      }
    }
    tokens.append(.init(kind: .end, line: line))
  }

  private var startsTag: Bool {
    guard source[position] == "{", position + 1 < source.count else { return false }
    return source[position + 1] == "{" || source[position + 1] == "%" || source[position + 1] == "#"
  }

  /// Removes the white space between the last line's start and the tag, if nothing else is there.
  private func stripIndentation(_ text: inout ArraySlice<Unicode.Scalar>) {
    let lineStart = text.lastIndex(of: "\n").map { $0 + 1 } ?? text.startIndex
    guard lineStart > text.startIndex || startsLine else { return }
    if text[lineStart...].allSatisfy(\.isPythonSpace) { text = text[..<lineStart] }
  }

  private mutating func add(text: ArraySlice<Unicode.Scalar>, line: Int) {
    guard !text.isEmpty else { return }
    tokens.append(.init(kind: .text(String(String.UnicodeScalarView(text))), line: line))
  }

  /// Reads a tag from behind its opening to its end.
  private mutating func tag(_ opening: TemplateToken.Kind) throws {
    tokens.append(.init(kind: opening, line: line))
    let isBlock = opening == .blockStart
    openBrackets = []
    while true {
      skipSpace()
      guard position < source.count else {
        throw fail("a tag is not closed")
      }
      let tagLine = line
      if openBrackets.isEmpty, takeTagEnd(isBlock ? "%" : "}", trimsNewline: isBlock) {
        tokens.append(.init(kind: isBlock ? .blockEnd : .outputEnd, line: tagLine))
        return
      }
      try expressionToken()
    }
  }

  /// Takes `%}`, `}}` or `#}` with its sign, and the white space that it takes with it.
  private mutating func takeTagEnd(_ first: Unicode.Scalar, trimsNewline: Bool) -> Bool {
    var end = position
    var sign: Unicode.Scalar?
    // An output has no '+' at its end.
    if let next = peek(), next == "-" || (next == "+" && first != "}") {
      sign = next
      end += 1
    }
    guard end + 1 < source.count, source[end] == first, source[end + 1] == "}" else { return false }
    position = end + 2
    let start = position
    if sign == "-" {
      while let next = peek(), next.isPythonSpace { position += 1 }
    } else if sign == nil, trimsNewline, peek() == "\n" {
      position += 1
    }
    line += newlines(start..<position)
    startsLine = position > 0 && source[position - 1] == "\n"
    return true
  }

  private mutating func skipComment() throws {
    let opening = line
    while position < source.count {
      if takeTagEnd("#", trimsNewline: true) { return }
      if source[position] == "\n" { line += 1 }
      position += 1
    }
    line = opening
    throw fail("a comment is not closed")
  }

  /// Takes `raw %}`, the text up to `{% endraw %}`, and that tag; or nothing.
  private mutating func takeRaw() throws -> Bool {
    let start = position, opening = line
    guard takeWord("raw"), takeTagEnd("%", trimsNewline: false) else {
      position = start
      line = opening
      return false
    }
    let textStart = position, textLine = line
    while position + 1 < source.count {
      let end = position
      if source[position] == "{", source[position + 1] == "%" {
        position += 2
        var sign: Unicode.Scalar?
        if let next = peek(), next == "-" || next == "+" {
          sign = next
          position += 1
        }
        if takeWord("endraw"), takeTagEnd("%", trimsNewline: true) {
          var text = source[textStart..<end]
          if sign == "-" {
            while let last = text.last, last.isPythonSpace { text.removeLast() }
          } else if sign == nil {
            let lineStart = text.lastIndex(of: "\n").map { $0 + 1 }
            if let lineStart, text[lineStart...].allSatisfy(\.isPythonSpace) { text = text[..<lineStart] }
          }
          line += newlines(textStart..<end)
          add(text: text, line: textLine)
          return true
        }
        position = end
      }
      position += 1
    }
    throw fail("a raw block is not closed")
  }

  private mutating func takeWord(_ word: String) -> Bool {
    while let next = peek(), next.isPythonSpace { position += 1 }
    let scalars = Array(word.unicodeScalars)
    guard source[position...].starts(with: scalars) else { return false }
    position += scalars.count
    while let next = peek(), next.isPythonSpace { position += 1 }
    return true
  }

  mutating func skipSpace() {
    while let next = peek(), next.isPythonSpace {
      if next == "\n" { line += 1 }
      position += 1
    }
  }

  func peek(_ distance: Int = 0) -> Unicode.Scalar? {
    position + distance < source.count ? source[position + distance] : nil
  }

  private func newlines(_ range: Range<Int>) -> Int { source[range].count { $0 == "\n" } }

  func fail(_ what: String) -> SpudError { SpudError(.badData, "\(name), line \(line): \(what)") }
}
