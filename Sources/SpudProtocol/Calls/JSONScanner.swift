/// Checks one JSON value byte by byte, so that its text can be passed on while it comes.
struct JSONScanner: Sendable {
  enum Step { case more, done, failed }

  enum State: Sendable, Equatable {
    case value, firstItemOrEnd, firstKeyOrEnd, key, colon, commaOrEnd
    case string(isKey: Bool), escape(isKey: Bool), hexadecimal(Int, isKey: Bool)
    case sign, zero, digits, point, fraction, mark, markSign, exponent
    case word(String, Int)
    case done
  }

  /// Values may stand this deep in each other.
  static let depthLimit = 64

  private(set) var state = State.value
  /// For each object or array that is open, whether it is an object.
  private var open: [Bool] = []

  var depth: Int { open.count }
  var isInString: Bool {
    switch state {
    case .string, .escape, .hexadecimal: true
    default: false
    }
  }

  /// Takes one byte. A number at the top has no end of its own, so it never gives `done`.
  mutating func push(_ byte: UInt8) -> Step {
    switch state {
    case .string(let isKey): return string(byte, isKey: isKey)
    case .escape(let isKey):
      if byte == UInt8(ascii: "u") {
        state = .hexadecimal(4, isKey: isKey)
      } else if "\"\\/bfnrt".utf8.contains(byte) {
        state = .string(isKey: isKey)
      } else {
        return .failed
      }
      return .more
    case .hexadecimal(let left, let isKey):
      guard Self.isHexadecimal(byte) else { return .failed }
      state = left > 1 ? .hexadecimal(left - 1, isKey: isKey) : .string(isKey: isKey)
      return .more
    case .word(let word, let index):
      guard Array(word.utf8)[index] == byte else { return .failed }
      if index + 1 < word.utf8.count {
        state = .word(word, index + 1)
        return .more
      }
      return endValue()
    case .sign, .zero, .digits, .point, .fraction, .mark, .markSign, .exponent: return number(byte)
    case .done: return Self.isSpace(byte) ? .more : .failed
    default: return Self.isSpace(byte) ? .more : structure(byte)
    }
  }

  private mutating func structure(_ byte: UInt8) -> Step {
    switch (state, byte) {
    case (.firstKeyOrEnd, UInt8(ascii: "}")), (.firstItemOrEnd, UInt8(ascii: "]")):
      open.removeLast()
      return endValue()
    case (.firstKeyOrEnd, UInt8(ascii: "\"")), (.key, UInt8(ascii: "\"")): state = .string(isKey: true)
    case (.colon, UInt8(ascii: ":")): state = .value
    case (.commaOrEnd, UInt8(ascii: ",")): state = open.last == true ? .key : .value
    case (.commaOrEnd, UInt8(ascii: "}")) where open.last == true,
      (.commaOrEnd, UInt8(ascii: "]")) where open.last == false:
      open.removeLast()
      return endValue()
    case (.value, _), (.firstItemOrEnd, _): return begin(byte)
    default: return .failed
    }
    return .more
  }

  private mutating func begin(_ byte: UInt8) -> Step {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard open.count < Self.depthLimit else { return .failed }
      open.append(byte == UInt8(ascii: "{"))
      state = byte == UInt8(ascii: "{") ? .firstKeyOrEnd : .firstItemOrEnd
    case UInt8(ascii: "\""): state = .string(isKey: false)
    case UInt8(ascii: "-"): state = .sign
    case UInt8(ascii: "0"): state = .zero
    case UInt8(ascii: "1")...UInt8(ascii: "9"): state = .digits
    case UInt8(ascii: "t"): state = .word("true", 1)
    case UInt8(ascii: "f"): state = .word("false", 1)
    case UInt8(ascii: "n"): state = .word("null", 1)
    default: return .failed
    }
    return .more
  }

  private mutating func string(_ byte: UInt8, isKey: Bool) -> Step {
    switch byte {
    case UInt8(ascii: "\""):
      if isKey {
        state = .colon
        return .more
      }
      return endValue()
    case UInt8(ascii: "\\"): state = .escape(isKey: isKey)
    case 0..<0x20: return .failed
    default: break
    }
    return .more
  }

  private mutating func number(_ byte: UInt8) -> Step {
    let isDigit = 0x30...0x39 ~= byte
    switch state {
    case .sign where byte == UInt8(ascii: "0"): state = .zero
    case .sign where isDigit, .digits where isDigit: state = .digits
    case .zero where byte == UInt8(ascii: "."), .digits where byte == UInt8(ascii: "."): state = .point
    case .point where isDigit, .fraction where isDigit: state = .fraction
    case .zero where byte | 0x20 == UInt8(ascii: "e"), .digits where byte | 0x20 == UInt8(ascii: "e"),
      .fraction where byte | 0x20 == UInt8(ascii: "e"):
      state = .mark
    case .mark where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"): state = .markSign
    case .mark where isDigit, .markSign where isDigit, .exponent where isDigit: state = .exponent
    case .zero, .digits, .fraction, .exponent:
      // The number ended before this byte.
      if endValue() == .done { return .failed }
      return push(byte)
    default: return .failed
    }
    return .more
  }

  private mutating func endValue() -> Step {
    state = open.isEmpty ? .done : .commaOrEnd
    return open.isEmpty ? .done : .more
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    0x30...0x39 ~= byte || 0x41...0x46 ~= byte || 0x61...0x66 ~= byte
  }
}
