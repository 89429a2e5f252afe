/// Text in which each byte remembers who spelled it: the template, or the request that fills it in.
///
/// A chat template writes control tokens (`<|im_start|>`), and so could a user. Only what the template itself spells
/// may become a control token, so the mark has to survive whatever the template does with a string: joining, slicing,
/// trimming, replacing. An operation that cannot tell which part of its result came from where marks all of it `user`.
///
/// Strings are sequences of Unicode scalars, as Python's are; they are stored in UTF-8.
package struct TemplateText: Sendable {
  /// Who spelled a byte.
  package enum Origin: Sendable {
    /// A literal of the template, or a value that the application vouches for.
    case template
    /// A message, a tool's definition, an argument of the request.
    case user

    var other: Origin { self == .template ? .user : .template }
  }

  package private(set) var utf8: [UInt8]
  /// Who spelled the first byte; of no meaning while there is none.
  private(set) var firstOrigin: Origin
  /// Byte offsets where the origin changes, ascending, each between 0 and `utf8.count`, both excluded.
  private(set) var turns: [Int] = []
  /// Whether the filter `safe` or `escape` made this: `+` then escapes what it is joined with.
  var isMarkup = false

  package init(utf8: [UInt8] = [], origin: Origin = .template) {
    self.utf8 = utf8
    firstOrigin = origin
  }

  package init(_ string: String, origin: Origin) {
    self.init(utf8: Array(string.utf8), origin: origin)
  }

  package var isEmpty: Bool { utf8.isEmpty }
  package var string: String { String(decoding: utf8, as: UTF8.self) }

  /// `user` if any byte is the user's: what an operation that cannot tell parts apart gives its result.
  package var joinedOrigin: Origin {
    if utf8.isEmpty { return .template }
    return turns.isEmpty ? firstOrigin : .user
  }

  /// Who spelled the last byte.
  private var lastOrigin: Origin { turns.count.isMultiple(of: 2) ? firstOrigin : firstOrigin.other }

  package mutating func append(_ other: TemplateText) {
    guard !other.utf8.isEmpty else { return }
    append(other, other.utf8.indices)
  }

  /// Appends a range of the bytes of `other`; its ends lie between scalars.
  mutating func append(_ other: TemplateText, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    // The turns up to the range's start decide who spells its first byte.
    let passed = other.turns.isEmpty ? 0 : other.turnCount(through: range.lowerBound)
    join(at: passed.isMultiple(of: 2) ? other.firstOrigin : other.firstOrigin.other)
    let shift = utf8.count - range.lowerBound
    for turn in other.turns[passed...] {
      guard turn < range.upperBound else { break }
      turns.append(turn + shift)
    }
    utf8 += other.utf8[range]
  }

  mutating func append(_ bytes: some Collection<UInt8>, origin: Origin) {
    guard !bytes.isEmpty else { return }
    join(at: origin)
    utf8 += bytes
  }

  mutating func append(_ scalar: Unicode.Scalar, origin: Origin) {
    append(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter, origin: origin)
  }

  /// Prepares for bytes of `origin` at the end.
  private mutating func join(at origin: Origin) {
    if utf8.isEmpty {
      firstOrigin = origin
    } else if lastOrigin != origin {
      turns.append(utf8.count)
    }
  }

  func slice(_ range: Range<Int>) -> TemplateText {
    if range == utf8.indices { return self }
    var result = TemplateText()
    result.append(self, range)
    return result
  }

  /// Who spelled the byte at `offset`.
  func origin(at offset: Int) -> Origin {
    turnCount(through: offset).isMultiple(of: 2) ? firstOrigin : firstOrigin.other
  }

  /// How many turns lie at or before `offset`.
  private func turnCount(through offset: Int) -> Int {
    var low = 0, high = turns.count
    while low < high {
      let middle = (low + high) / 2
      if turns[middle] <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The runs of one origin, in order.
  package var runs: [(range: Range<Int>, origin: Origin)] {
    guard !utf8.isEmpty else { return [] }
    var runs: [(range: Range<Int>, origin: Origin)] = []
    var start = 0, origin = firstOrigin
    for end in turns + [utf8.count] {
      runs.append((start..<end, origin))
      start = end
      origin = origin.other
    }
    return runs
  }

  func appending(_ other: TemplateText) -> TemplateText {
    var result = self
    result.append(other)
    return result
  }
}

/// Equal as strings are, whoever spelled them.
extension TemplateText: Hashable {
  package static func == (a: Self, b: Self) -> Bool { a.utf8 == b.utf8 }
  package func hash(into hasher: inout Hasher) { hasher.combine(utf8) }
}

extension TemplateText: Comparable {
  /// In the order of scalars, which is that of the bytes of UTF-8.
  package static func < (a: Self, b: Self) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
