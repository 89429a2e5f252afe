extension TemplateLexer {
  /// Reads one token within a tag.
  mutating func expressionToken() throws {
    guard let first = peek() else { return }
    let start = line
    if first == "'" || first == "\"" {
      let text = try string(quote: first)
      tokens.append(.init(kind: .string(text), line: start))
    } else if Self.isDigit(first) {
      tokens.append(.init(kind: try number(), line: start))
    } else if Self.isWord(first) {
      let begin = position
      while let next = peek(), Self.isWord(next) { position += 1 }
      tokens.append(.init(kind: .name(spelling(begin..<position)), line: start))
    } else {
      tokens.append(.init(kind: .symbol(try symbol(first)), line: start))
    }
  }

  private mutating func symbol(_ first: Unicode.Scalar) throws -> TemplateToken.Symbol {
    if let second = peek(1), let long = TemplateToken.Symbol(rawValue: String(first) + String(second)) {
      position += 2
      return long
    }
    guard let symbol = TemplateToken.Symbol(rawValue: String(first)) else {
      throw fail("'\(first)' stands where an expression was expected")
    }
    switch symbol {
    case .openBrace: openBrackets.append("}")
    case .openParenthesis: openBrackets.append(")")
    case .openBracket: openBrackets.append("]")
    case .closeBrace, .closeParenthesis, .closeBracket:
      guard openBrackets.popLast() == first else { throw fail("'\(first)' closes nothing") }
    default: break
    }
    position += 1
    return symbol
  }

  private mutating func number() throws -> TemplateToken.Kind {
    let start = position
    if peek() == "0", let mark = peek(1), let radix = Self.radix(of: mark) {
      position += 2
      while let next = peek(), Self.isWord(next) { position += 1 }
      let digits = spelling((start + 2)..<position).replacing("_", with: "")
      guard let value = Int(digits, radix: radix) else { throw fail("'\(spelling(start..<position))' is no number") }
      return .integer(String(value))
    }
    skipDigits()
    var isFloat = false
    if peek() == ".", let next = peek(1), Self.isDigit(next), !follows(".", start) {
      isFloat = true
      position += 1
      skipDigits()
    }
    if let mark = peek(), mark == "e" || mark == "E" {
      let sign = peek(1) == "+" || peek(1) == "-" ? 1 : 0
      if let next = peek(1 + sign), Self.isDigit(next) {
        isFloat = true
        position += 1 + sign
        skipDigits()
      }
    }
    let text = spelling(start..<position).replacing("_", with: "")
    if !isFloat { return .integer(text) }
    guard let value = Double(text), value.isFinite else { throw fail("the number '\(text.prefix(40))' is too large") }
    return .float(value)
  }

  /// Whether `scalar` precedes `position`: the second number in `a.0.1` is an index, no fraction.
  private func follows(_ scalar: Unicode.Scalar, _ position: Int) -> Bool {
    position > 0 && source[position - 1] == scalar
  }

  private mutating func skipDigits() {
    while let next = peek(), Self.isDigit(next) || next == "_" { position += 1 }
  }

  private mutating func string(quote: Unicode.Scalar) throws -> String {
    position += 1
    var result = String.UnicodeScalarView()
    while let next = peek() {
      position += 1
      if next == quote { return String(result) }
      if next == "\n" { line += 1 }
      if next == "\\" {
        try escape(into: &result)
      } else {
        result.append(next)
      }
    }
    throw fail("a string is not closed")
  }

  /// Python's escapes; an unknown one keeps its backslash.
  private mutating func escape(into result: inout String.UnicodeScalarView) throws {
    guard let next = peek() else { return }
    position += 1
    switch next {
    case "\n": line += 1
    case "\\", "'", "\"": result.append(next)
    case "a": result.append("\u{7}")
    case "b": result.append("\u{8}")
    case "f": result.append("\u{C}")
    case "n": result.append("\n")
    case "r": result.append("\r")
    case "t": result.append("\t")
    case "v": result.append("\u{B}")
    case "x": result.append(try hexadecimal(digits: 2))
    case "u": result.append(try hexadecimal(digits: 4))
    case "U": result.append(try hexadecimal(digits: 8))
    case "0"..."7":
      var value = next.value - 0x30
      for _ in 0..<2 {
        guard let digit = peek(), "0"..."7" ~= digit else { break }
        value = value * 8 + digit.value - 0x30
        position += 1
      }
      result.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    case "N": throw fail("a character by its name, '\\N', which is not supported")
    default:
      result.append("\\")
      result.append(next)
    }
  }

  private mutating func hexadecimal(digits: Int) throws -> Unicode.Scalar {
    let end = position + digits
    guard end <= source.count, let value = UInt32(spelling(position..<end), radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw fail("a string has an escape that is no character") }
    position = end
    return scalar
  }

  private func spelling(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(source[range])) }

  private static func radix(of mark: Unicode.Scalar) -> Int? {
    switch mark {
    case "x", "X": 16
    case "o", "O": 8
    case "b", "B": 2
    default: nil
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    isDigit(scalar) || "a"..."z" ~= scalar || "A"..."Z" ~= scalar || scalar == "_"
      || (scalar.value > 0x7F && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil))
  }
}
