/// Names and values as a form sends them: `a=b+c&d=%C3%A9`.
package struct FormFields: Sendable, Equatable {
  /// Each name's value; of a name that is there twice, `isAmbiguous` is set.
  package private(set) var values: [String: String] = [:]
  package private(set) var isAmbiguous = false

  package init(_ text: String) {
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decoded)
      guard let name = pair.first else { continue }
      if values.updateValue(pair.count > 1 ? pair[1] : "", forKey: name) != nil { isAmbiguous = true }
    }
  }

  package subscript(name: String) -> String? { values[name] }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "+") {
        bytes.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension String {
  /// As a value in a form's text.
  package var encoded: String {
    let digits = Array("0123456789ABCDEF")
    return utf8.reduce(into: "") { text, byte in
      let letter = Character(Unicode.Scalar(byte))
      if letter.isASCII, letter.isLetter || letter.isNumber || "-._@*".contains(letter) {
        text.append(letter)
      } else if letter == " " {
        text.append("+")
      } else {
        text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }
}
