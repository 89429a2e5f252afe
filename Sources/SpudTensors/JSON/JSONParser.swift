internal import SpudErrors

extension JSONValue {
  /// Objects and arrays may be nested this deep.
  package static let depthLimit = 64

  /// Parses one JSON document.
  ///
  /// Refused: invalid UTF-8, a key that occurs twice in one object, lone surrogates, nesting deeper
  /// than `depthLimit`, anything after the value, and all that RFC 8259 does not allow.
  ///
  /// - Parameters:
  ///   - text: The document, in UTF-8, without a byte-order mark.
  ///   - name: What to call the document in an error.
  /// - Throws: `SpudError.badData`, naming the byte offset.
  /// - Complexity: O(`text.count`).
  package init(parsing text: Span<UInt8>, name: String) throws {
    var parser = JSONParser(text: text, name: name)
    self = try parser.document()
  }

  package init(parsing text: [UInt8], name: String) throws {
    try self.init(parsing: text.span, name: name)
  }

  package init(parsing text: String, name: String) throws {
    try self.init(parsing: Array(text.utf8), name: name)
  }

  /// Reads and parses a file of at most `limit` bytes.
  package init(contentsOf path: String, limit: Int = 256 << 20) throws {
    let file = try MappedFile(path: path)
    guard file.byteCount <= limit else {
      throw SpudError(.badData, "\(path): \(file.byteCount) bytes of JSON, but the limit is \(limit)")
    }
    try self.init(parsing: file.span, name: path)
  }
}

/// A recursive-descent parser over borrowed bytes.
private struct JSONParser: ~Escapable {
  let text: Span<UInt8>
  let name: String
  var position = 0

  @_lifetime(copy text)
  init(text: Span<UInt8>, name: String) {
    self.text = text
    self.name = name
  }

  mutating func document() throws -> JSONValue {
    skipSpace()
    let result = try value(depth: 0)
    skipSpace()
    guard position == text.count else { throw unexpected("the end of the document") }
    return result
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    switch peek() {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"): return try number()
    case .some(let byte) where Self.isDigit(byte): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw unexpected("a value")
    }
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    try check(depth)
    var result = JSONObject()
    position += 1
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(result) }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
      let start = position
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
      skipSpace()
      let value = try value(depth: depth)
      guard result.append(key, value) else {
        throw error(at: start, "the key '\(key)' stands twice in one object")
      }
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(result) }
      guard take(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
      skipSpace()
    }
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    try check(depth)
    var result: [JSONValue] = []
    position += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(result) }
    while true {
      result.append(try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(result) }
      guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
      skipSpace()
    }
  }

  private mutating func number() throws -> JSONValue {
    let start = position
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    return .number(try utf8(start..<position))
  }

  private mutating func digits() throws {
    let start = position
    while let byte = peek(), Self.isDigit(byte) { position += 1 }
    guard position > start else { throw unexpected("a digit") }
  }

  /// A string without escapes is copied in one piece; each escape ends one piece and starts another.
  private mutating func string() throws -> String {
    position += 1
    var result = ""
    while true {
      let start = position
      while position < text.count, text[position] != UInt8(ascii: "\""), text[position] != UInt8(ascii: "\\"),
        text[position] >= 0x20
      {
        position += 1
      }
      let piece = start..<position
      guard let byte = peek() else { throw unexpected("the end of a string") }
      guard byte >= 0x20 else { throw error(at: position, "a control character stands unescaped in a string") }
      position += 1
      if byte == UInt8(ascii: "\"") {
        if result.isEmpty { return try utf8(piece) }
        result += try utf8(piece)
        return result
      }
      result += try utf8(piece)
      result.unicodeScalars.append(try escape())
    }
  }

  private mutating func escape() throws -> Unicode.Scalar {
    let start = position - 1
    guard let byte = peek() else { throw unexpected("the end of an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw error(at: start, "an escape that JSON does not have")
    }
    let unit = try fourHexDigits()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    // What is no scalar is a surrogate: the first of a pair or a mistake.
    if unit < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let second = try fourHexDigits()
      if (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00))
      {
        return scalar
      }
    }
    throw error(at: start, "half of a surrogate pair")
  }

  private mutating func fourHexDigits() throws -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch peek() {
      case .some(let byte) where Self.isDigit(byte): digit = byte - 0x30
      case .some(let byte) where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte): digit = byte - 0x57
      case .some(let byte) where (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte): digit = byte - 0x37
      default: throw unexpected("four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
    for byte in word.utf8 {
      guard take(byte) else { throw unexpected("'\(word)'") }
    }
    return value
  }

  private func utf8(_ range: Range<Int>) throws -> String {
    do {
      return String(copying: try UTF8Span(validating: text.extracting(range)))
    } catch {
      throw self.error(at: range.lowerBound, "a string that is not UTF-8")
    }
  }

  private func check(_ depth: Int) throws {
    guard depth <= JSONValue.depthLimit else {
      throw error(at: position, "values nested deeper than \(JSONValue.depthLimit)")
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private func peek() -> UInt8? { position < text.count ? text[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < text.count {
      switch text[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private func unexpected(_ expected: String) -> SpudError {
    guard let byte = peek() else { return error(at: position, "the document ends where \(expected) was expected") }
    let found = byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    return error(at: position, "found \(found) where \(expected) was expected")
  }

  private func error(at offset: Int, _ what: String) -> SpudError {
    SpudError(.badData, "\(name): JSON, byte \(offset): \(what)")
  }
}
