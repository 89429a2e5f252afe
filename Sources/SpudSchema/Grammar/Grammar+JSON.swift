internal import SpudTensors

/// The parts of JSON's syntax.
extension Grammar {
  /// White space between tokens: none, one space, or a new line with an indentation. Without a bound, a model could
  /// write white space forever.
  mutating func space() -> NodeID {
    let spaces = add(.repetition(text(" "), minimum: 0, limit: 64))
    return optional(choice([text(" "), sequence([text("\n"), spaces])]))
  }

  /// One character of a string, with all ways to spell it.
  mutating func character() -> NodeID {
    choice([unescaped(), escape()])
  }

  /// A character that stands for itself: any but quotation marks, backslashes and controls.
  private mutating func unescaped() -> NodeID { character(of: ByteSet(0x20...0x21, 0x23...0x5B, 0x5D...0x7F)) }

  /// Any character of a plain text but one of ASCII.
  mutating func character(without byte: UInt8) -> NodeID {
    var excluded = ByteSet()
    excluded.insert(byte)
    return character(of: ByteSet(0x09...0x0A, 0x20...0x7F).subtracting(excluded))
  }

  /// A character of ASCII that is in a set, or any other.
  private mutating func character(of plain: ByteSet) -> NodeID {
    let tail = bytes(ByteSet(0x80...0xBF))
    return choice([
      bytes(plain),
      sequence([bytes(ByteSet(0xC2...0xDF)), tail]),
      sequence([text8(0xE0), bytes(ByteSet(0xA0...0xBF)), tail]),
      sequence([bytes(ByteSet(0xE1...0xEC, 0xEE...0xEF)), tail, tail]),
      sequence([text8(0xED), bytes(ByteSet(0x80...0x9F)), tail]),
      sequence([text8(0xF0), bytes(ByteSet(0x90...0xBF)), tail, tail]),
      sequence([bytes(ByteSet(0xF1...0xF3)), tail, tail, tail]),
      sequence([text8(0xF4), bytes(ByteSet(0x80...0x8F)), tail, tail]),
    ])
  }

  private mutating func escape() -> NodeID {
    let digit = bytes(ByteSet("0123456789abcdefABCDEF"))
    let d = bytes(ByteSet("dD"))
    let below8 = bytes(ByteSet("01234567")), from8 = bytes(ByteSet("89abAB")), fromC = bytes(ByteSet("cdefCDEF"))
    let single = sequence([text("\\"), bytes(ByteSet("\"\\/bfnrt"))])
    // Any number but half of a pair; or a pair.
    let scalar = choice([
      sequence([bytes(ByteSet("0123456789abcefABCEF")), digit, digit, digit]), sequence([d, below8, digit, digit]),
    ])
    let pair = sequence([d, from8, digit, digit, text("\\u"), d, fromC, digit, digit])
    return choice([single, sequence([text("\\u"), choice([scalar, pair])])])
  }

  private mutating func text8(_ byte: UInt8) -> NodeID { bytes(ByteSet(byte...byte)) }

  /// A string of a number of characters.
  mutating func string(minimum: Int32 = 0, limit: Int32? = nil) -> NodeID {
    let characters = add(.repetition(character(), minimum: minimum, limit: limit))
    return sequence([text("\""), characters, text("\"")])
  }

  mutating func digits() -> NodeID { bytes(ByteSet("0123456789")) }

  mutating func wholeNumber() -> NodeID {
    choice([text("0"), sequence([bytes(ByteSet("123456789")), any(digits())])])
  }

  mutating func integer() -> NodeID { sequence([optional(text("-")), wholeNumber()]) }

  /// A number whose exponent a double has.
  mutating func number() -> NodeID {
    let fraction = sequence([text("."), digits(), any(digits())])
    let power = choice([
      digits(), sequence([digits(), digits()]), sequence([bytes(ByteSet("12")), digits(), digits()]),
    ])
    let exponent = sequence([bytes(ByteSet("eE")), optional(bytes(ByteSet("+-"))), power])
    return sequence([integer(), optional(fraction), optional(exponent)])
  }

  /// Items between brackets, with commas.
  mutating func array(of item: NodeID, minimum: Int32, limit: Int32?) -> NodeID {
    let space = space()
    if limit == 0 { return sequence([text("["), space, text("]")]) }
    let more = sequence([space, text(","), space, item])
    let rest = add(.repetition(more, minimum: max(0, minimum - 1), limit: limit.map { $0 - 1 }))
    let items = sequence([item, rest])
    return sequence([text("["), space, minimum > 0 ? items : optional(items), space, text("]")])
  }

  struct Member {
    let key: String
    let value: NodeID
    let isRequired: Bool
  }

  /// An object of these members, in this order.
  mutating func object(_ members: [Member]) -> NodeID {
    let space = space()
    let comma = sequence([space, text(","), space])
    // From the last member to the first: what may follow if a member stood before, or if none did.
    var behind = Self.empty, atStart = Self.empty
    for member in members.reversed() {
      let entry = sequence([
        literal(JSONValue.string(member.key).serialized), space, text(":"), space, member.value,
      ])
      let withComma = sequence([comma, entry, behind]), first = sequence([entry, behind])
      if member.isRequired {
        (behind, atStart) = (withComma, first)
      } else {
        (behind, atStart) = (choice([withComma, behind]), choice([first, atStart]))
      }
    }
    return sequence([text("{"), space, atStart, space, text("}")])
  }

  /// One value, spelled without escapes that are not needed.
  mutating func value(_ json: JSONValue) -> NodeID {
    switch json {
    case .null, .bool, .number, .string: return literal(json.serialized)
    case .object(let object):
      return self.object(object.members.map { Member(key: $0.key, value: value($0.value), isRequired: true) })
    case .array(let items):
      let space = space()
      var parts = [text("["), space]
      for (index, item) in items.enumerated() {
        if index > 0 { parts += [space, text(","), space] }
        parts.append(value(item))
      }
      return sequence(parts + [space, text("]")])
    }
  }

  /// Rules for any value, and for any object; they refer to each other.
  mutating func anyValue() -> (value: NodeID, object: NodeID) {
    let rule = rules.count
    rules += [nil, nil]
    let value = add(.rule(rule)), object = add(.rule(rule + 1))
    let space = space(), string = string()
    let entry = sequence([string, space, text(":"), space, value])
    let entries = sequence([entry, any(sequence([space, text(","), space, entry]))])
    rules[rule + 1] = sequence([text("{"), space, optional(entries), space, text("}")])
    rules[rule] = choice([
      object, array(of: value, minimum: 0, limit: nil), string, number(), text("true"), text("false"), text("null"),
    ])
    return (value, object)
  }
}
