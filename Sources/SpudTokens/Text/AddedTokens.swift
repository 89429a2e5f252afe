/// A token that is found in text as it is, before the text is cut into words.
public struct AddedToken: Sendable, Equatable {
  public var id: Int32
  public var content: String
  /// Matches only where no word character touches it.
  public var singleWord = false
  /// Takes up the white space before it.
  public var stripsLeft = false
  /// Takes up the white space after it.
  public var stripsRight = false
  /// Matches after the text has been normalized, not before.
  public var isNormalized = false
  /// Controls the model: text never becomes this token unless the caller allows it.
  public var isSpecial = false

  public init(id: Int32, content: String) {
    self.id = id
    self.content = content
  }
}

/// Finds added tokens in text: leftmost first, the longest of those that begin there.
struct AddedTokenMatcher: Sendable {
  private var tokens: [AddedToken] = []
  // A trie over bytes; node 0 is the root.
  private var children: [UInt64: Int32] = [:]  // node << 8 | byte → node
  private var tokenAt: [Int32] = [-1]  // [nodes]: index of the token that ends there, or −1
  private var begins = [Bool](repeating: false, count: 256)

  /// The longest content of an added token, in bytes; it bounds what one place in a text can cost.
  static let contentLimit = 1024

  var isEmpty: Bool { tokens.isEmpty }

  /// Adds a token that matches `content`, which is not empty.
  mutating func insert(_ token: AddedToken, matching content: [UInt8]) {
    var node: Int32 = 0
    for byte in content {
      let key = UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte)
      if let child = children[key] {
        node = child
      } else {
        node = Int32(tokenAt.count)
        children[key] = node
        tokenAt.append(-1)
      }
    }
    // Two tokens may be one after normalization: the first one stays.
    guard let first = content.first, tokenAt[Int(node)] < 0 else { return }
    begins[Int(first)] = true
    tokenAt[Int(node)] = Int32(tokens.count)
    tokens.append(token)
  }

  /// Makes the tokens of a range special.
  mutating func makeSpecial(_ ids: Range<Int32>) {
    for index in tokens.indices where ids.contains(tokens[index].id) { tokens[index].isSpecial = true }
  }

  enum Piece: Equatable { case text(Range<Int>), token(Int32) }

  /// Where in a text special tokens may be found.
  enum SpecialTokens: Sendable {
    case nowhere
    case everywhere
    /// Within one of these ranges, which are sorted ascending and do not overlap.
    case within([Range<Int>])

    func holds(in range: Range<Int>) -> Bool {
      switch self {
      case .nowhere: return false
      case .everywhere: return true
      case .within(let ranges):
        // The last range that begins at or before this one.
        var (low, high) = (0, ranges.count)
        while low < high {
          let middle = (low + high) / 2
          if ranges[middle].lowerBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low > 0 && range.upperBound <= ranges[low - 1].upperBound
      }
    }
  }

  /// Cuts a range of text at the added tokens in it.
  ///
  /// A special token that is not allowed, or a word that is not single, leaves its text as text, and nothing is looked
  /// for inside it.
  func pieces(of bytes: [UInt8], _ range: Range<Int>, special: SpecialTokens) -> [Piece] {
    guard !isEmpty else { return range.isEmpty ? [] : [.text(range)] }
    var pieces: [Piece] = []
    var textStart = range.lowerBound
    var spacesEnd = range.lowerBound
    var index = range.lowerBound
    while index < range.upperBound {
      guard begins[Int(bytes[index])],
        let (token, matchEnd) = longestMatch(in: bytes, from: index, to: range.upperBound)
      else {
        index += 1
        continue
      }
      var start = index
      var stop = matchEnd
      index = matchEnd
      if token.isSpecial, !special.holds(in: start..<stop) { continue }
      if token.singleWord, touchesWord(bytes, start, stop, in: range) { continue }
      if token.stripsLeft { start = startOfSpaces(bytes, endingAt: start, from: textStart) }
      if token.stripsRight {
        // Tokens that are white space themselves would otherwise walk the same run again and again.
        if stop >= spacesEnd { spacesEnd = endOfSpaces(bytes, from: stop, to: range.upperBound) }
        stop = spacesEnd
      }
      if textStart < start { pieces.append(.text(textStart..<start)) }
      pieces.append(.token(token.id))
      textStart = stop
    }
    if textStart < range.upperBound { pieces.append(.text(textStart..<range.upperBound)) }
    return pieces
  }

  private func longestMatch(in bytes: [UInt8], from start: Int, to end: Int) -> (AddedToken, Int)? {
    var node: Int32 = 0
    var index = start
    var found: (AddedToken, Int)?
    while index < end, let child = children[UInt64(UInt32(bitPattern: node)) << 8 | UInt64(bytes[index])] {
      node = child
      index += 1
      let token = Int(tokenAt[Int(node)])
      if token >= 0 { found = (tokens[token], index) }
    }
    return found
  }

  private func touchesWord(_ bytes: [UInt8], _ start: Int, _ stop: Int, in range: Range<Int>) -> Bool {
    let classes = UnicodeClasses.shared
    if start > range.lowerBound,
      classes[bytes.scalar(endingAt: start, from: range.lowerBound).value].contains(.word)
    {
      return true
    }
    return stop < range.upperBound && classes[bytes.scalar(at: stop, before: range.upperBound).value].contains(.word)
  }

  private func startOfSpaces(_ bytes: [UInt8], endingAt end: Int, from start: Int) -> Int {
    var index = end
    while index > start {
      let decoded = bytes.scalar(endingAt: index, from: start)
      guard UnicodeClasses.shared[decoded.value].contains(.space) else { break }
      index -= decoded.length
    }
    return index
  }

  private func endOfSpaces(_ bytes: [UInt8], from start: Int, to end: Int) -> Int {
    var index = start
    while index < end {
      let decoded = bytes.scalar(at: index, before: end)
      guard UnicodeClasses.shared[decoded.value].contains(.space) else { break }
      index += decoded.length
    }
    return index
  }
}
