/// What a tokenizer's patterns ask of a character.
struct CharacterClass: OptionSet, Sendable {
  let rawValue: UInt16
  static let letter = CharacterClass(rawValue: 1)
  static let number = CharacterClass(rawValue: 2)
  static let space = CharacterClass(rawValue: 4)
  /// `\w`: what an added token with `single_word` may not touch.
  static let word = CharacterClass(rawValue: 8)
  /// What the pre-tokenizer `Digits` takes for a digit: `number`, of a later version of Unicode.
  static let numeral = CharacterClass(rawValue: 16)
  /// What the pre-tokenizer `Punctuation` cuts at.
  static let punctuation = CharacterClass(rawValue: 32)
  /// What the normalizer `StripAccents` takes away.
  static let accent = CharacterClass(rawValue: 64)
  /// Upper and title case.
  static let uppercase = CharacterClass(rawValue: 128)
  static let lowercase = CharacterClass(rawValue: 256)
  static let mark = CharacterClass(rawValue: 512)
}

/// Character classes by scalar.
///
/// The standard library's properties would do but for their version of Unicode: ids have to match those of the
/// `tokenizers` package, so the classes are its own (`UnicodeClassTable`).
struct UnicodeClasses: Sendable {
  static let shared = UnicodeClasses()

  private let classes: [CharacterClass]  // [0x110000]

  private init() {
    var classes = [CharacterClass](repeating: [], count: 0x110000)
    let tables: [(String, CharacterClass)] = [
      (UnicodeClassTable.letters, .letter), (UnicodeClassTable.numbers, .number),
      (UnicodeClassTable.spaces, .space), (UnicodeClassTable.words, .word), (NormalizerTable.numerals, .numeral),
      (NormalizerTable.punctuation, .punctuation), (NormalizerTable.accents, .accent),
      (UnicodeClassTable.uppercase, .uppercase), (UnicodeClassTable.lowercase, .lowercase),
      (UnicodeClassTable.marks, .mark),
    ]
    for (table, mark) in tables {
      for range in HexadecimalRanges(table) {
        for scalar in range { classes[Int(scalar)].insert(mark) }
      }
    }
    self.classes = classes
  }

  /// The classes of `scalar`; none for what is no scalar.
  subscript(scalar: UInt32) -> CharacterClass {
    scalar < 0x110000 ? classes[Int(scalar)] : []
  }
}

/// The ranges of a table such as `41-5A 61-7A AA`.
struct HexadecimalRanges: Sequence, IteratorProtocol {
  private var bytes: String.UTF8View.Iterator

  init(_ table: String) { bytes = table.utf8.makeIterator() }

  mutating func next() -> ClosedRange<UInt32>? {
    var first: UInt32?
    var value: UInt32 = 0
    var hasDigits = false
    while let byte = bytes.next() {
      if let digit = byte.hexadecimalValue {
        value = value << 4 | UInt32(digit)
        hasDigits = true
      } else if byte == UInt8(ascii: "-") {
        first = value
        value = 0
      } else if hasDigits {
        break
      }
    }
    return hasDigits ? (first ?? value)...value : nil
  }
}

extension UInt8 {
  /// The value of this byte as an ASCII hexadecimal digit.
  var hexadecimalValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
