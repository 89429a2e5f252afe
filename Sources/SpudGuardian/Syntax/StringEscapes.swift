/// The escapes of Cedar's strings: `\n`, `\r`, `\t`, `\\`, `\0`, `\'`, `\"`, `\x41` and `\u{1F600}`.
enum StringEscapes {
  /// A character of a literal, and whether a backslash stood in front of it.
  struct Element: Equatable {
    let scalar: Unicode.Scalar
    let isEscaped: Bool
  }

  /// The characters that a literal stands for; nil where it holds an escape that Cedar does not have.
  ///
  /// - Parameter starIsEscape: Whether `\*` is an escape too, as it is in patterns.
  static func elements(of literal: String, starIsEscape: Bool) -> [Element]? {
    var elements: [Element] = []
    var scalars = literal.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "\\" else {
        // A carriage return must be escaped, so that a file means the same with either kind of line's end.
        guard scalar != "\r" else { return nil }
        elements.append(Element(scalar: scalar, isEscaped: false))
        continue
      }
      guard let kind = scalars.popFirst() else { return nil }
      let value: Unicode.Scalar
      switch kind {
      case "n": value = "\n"
      case "r": value = "\r"
      case "t": value = "\t"
      case "0": value = "\0"
      case "\\", "'", "\"": value = kind
      case "*" where starIsEscape: value = "*"
      case "x":
        guard let byte = hexadecimal(scalars.prefix(2)), scalars.count >= 2, byte < 0x80 else { return nil }
        scalars = scalars.dropFirst(2)
        value = Unicode.Scalar(UInt8(byte))
      case "u":
        guard scalars.popFirst() == "{", let end = scalars.firstIndex(of: "}"), scalars.first != "_" else { return nil }
        let digits = scalars[..<end].filter { $0 != "_" }
        guard digits.count <= 6, let code = hexadecimal(digits[...]), let scalar = Unicode.Scalar(code) else {
          return nil
        }
        scalars = scalars[end...].dropFirst()
        value = scalar
      default: return nil
      }
      elements.append(Element(scalar: value, isEscaped: true))
    }
    return elements
  }

  /// The text that a literal stands for.
  static func text(of literal: String) -> ExactString? {
    if literal.utf8.allSatisfy({ $0 != UInt8(ascii: "\\") && $0 != 0x0D }) { return ExactString(literal) }
    guard let elements = elements(of: literal, starIsEscape: false) else { return nil }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: elements.map(\.scalar))
    return ExactString(String(text))
  }

  private static func hexadecimal(_ scalars: some Collection<Unicode.Scalar>) -> UInt32? {
    guard !scalars.isEmpty else { return nil }
    var value: UInt32 = 0
    for scalar in scalars {
      guard scalar.isASCII, let digit = Character(scalar).hexDigitValue, value < 1 << 24 else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
