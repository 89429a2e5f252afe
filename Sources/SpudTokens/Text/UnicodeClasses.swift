/// What a tokenizer's patterns ask of a character.
struct CharacterClass: OptionSet, Sendable {
  let rawValue: UInt8
  static let letter = CharacterClass(rawValue: 1)
  static let number = CharacterClass(rawValue: 2)
  static let space = CharacterClass(rawValue: 4)
  /// `\w`: what an added token with `single_word` may not touch.
  static let word = CharacterClass(rawValue: 8)
}

/// Character classes by scalar, in two levels of 256.
///
/// The standard library's properties would do but for their version of Unicode: ids have to match those of the
/// `tokenizers` package, so the classes are its own (`UnicodeClassTable`).
struct UnicodeClasses: Sendable {
  static let shared = UnicodeClasses()

  private let pages: [UInt16]  // [0x1100] → index of a page
  private let classes: [CharacterClass]  // [pages in use, 256]

  private init() {
    var all = [CharacterClass](repeating: [], count: 0x110000)
    let tables: [(String, CharacterClass)] = [
      (UnicodeClassTable.letters, .letter), (UnicodeClassTable.numbers, .number),
      (UnicodeClassTable.spaces, .space), (UnicodeClassTable.words, .word),
    ]
    for (table, mark) in tables {
      for range in HexadecimalRanges(table) {
        for scalar in range { all[Int(scalar)].insert(mark) }
      }
    }
    var pages: [UInt16] = []
    var classes: [CharacterClass] = []
    var known: [[UInt8]: UInt16] = [:]
    for start in stride(from: 0, to: all.count, by: 256) {
      let page = all[start..<start + 256]
      let key = page.map(\.rawValue)
      if let index = known[key] {
        pages.append(index)
      } else {
        let index = UInt16(classes.count / 256)
        known[key] = index
        pages.append(index)
        classes.append(contentsOf: page)
      }
    }
    self.pages = pages
    self.classes = classes
  }

  /// The classes of `scalar`; none for what is no scalar.
  subscript(scalar: UInt32) -> CharacterClass {
    guard scalar < 0x110000 else { return [] }
    return classes[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
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
