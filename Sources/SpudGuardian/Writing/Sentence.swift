/// A sentence of a task, cut into what it orders.
struct Sentence {
  let text: String
  /// In lower case, without punctuation around them.
  let words: [String]
  let orders: [Order]

  /// From a verb that orders something to the next one.
  struct Order {
    let verb: String
    /// As written, the verb first.
    let text: String
    let words: [String]

    /// Names of people: words with a capital behind "to", "with" and the like, but for quotations.
    var people: [String] { Sentence.people(in: text, skippingFirst: true) }
  }

  init(_ text: String) {
    self.text = text
    let pieces = text.split { $0.isWhitespace }
    words = pieces.map { Self.bare($0) }
    var starts: [Int] = []
    var isQuoted = false
    for (position, piece) in pieces.enumerated() {
      if piece.first.map(Self.quotes.contains) == true { isQuoted = true }
      let pauses = position > 0 && pieces[position - 1].last.map(Self.pauses.contains) == true
      if !isQuoted, Verbs.all.contains(words[position]), Self.orders(at: position, in: words, afterPause: pauses) {
        starts.append(position)
      }
      if piece.trimming(Self.pauses.contains).last.map(Self.quotes.contains) == true { isQuoted = false }
      // What follows is what to write, and orders nothing.
      if piece.hasSuffix(":"), ["message", "question", "reply", "text"].contains(words[position]) { break }
    }
    orders = starts.enumerated().map { [words] index, start in
      let end = index + 1 < starts.count ? starts[index + 1] : pieces.count
      return Order(
        verb: words[start], text: pieces[start..<end].joined(separator: " "), words: Array(words[start..<end]))
    }
  }

  private static let quotes: Set<Character> = ["'", "\"", "“", "”", "‘", "’"]
  private static let pauses: Set<Character> = [",", ".", ":", ";", "!", "?", ")"]

  /// Names of anybody and anything.
  var names: [String] { Self.names(in: text, skippingFirst: false) }
  var people: [String] { Self.people(in: text, skippingFirst: false) }

  /// Whether the verb at `position` is an order, and not what somebody does, did or would like to do, or a noun.
  private static func orders(at position: Int, in words: [String], afterPause: Bool) -> Bool {
    guard position > 0 else { return true }
    let before = words[position - 1]
    let second = position > 1 ? words[position - 2] : ""
    if before == "to" { return ["sure", "have", "is", "forget", "ahead"].contains(second) }
    if Verbs.nouns.contains(words[position]), !afterPause {
      return ["and", "or", "then", "please", "also", "you", "us", "just", "now"].contains(before)
    }
    return !Verbs.notBeforeOrders.contains(before)
      && !(Verbs.notBeforeOrders.contains(second) && ["usually", "already", "will", "can"].contains(before))
  }

  static func names(in text: String, skippingFirst: Bool) -> [String] {
    var names: [String] = []
    for (name, _) in capitalized(in: text, skippingFirst: skippingFirst) where !names.contains(name) {
      names.append(name)
    }
    return names
  }

  /// Names behind a word such as "with" or "to", or behind one that is.
  static func people(in text: String, skippingFirst: Bool) -> [String] {
    let leads: Set<String> = ["with", "to", "invite", "and", "add", "message", "email", "for", "of", "dm"]
    var people: [String] = []
    for (name, before) in capitalized(in: text, skippingFirst: skippingFirst) {
      guard leads.contains(before) || people.last?.lowercased() == before, !people.contains(name) else { continue }
      people.append(name)
    }
    return people
  }

  /// Words with a capital that name something, each with the word before it in small letters.
  private static func capitalized(in text: String, skippingFirst: Bool) -> [(name: String, before: String)] {
    // What is quoted or follows a colon is content, not somebody.
    let text = text.replacing(/(^|[\s(])['"“‘][^'"“”‘’]*['"”’]/, with: " ")
    let head = text.split(separator: ": ", maxSplits: 1).first.map(String.init) ?? text
    var names: [(name: String, before: String)] = []
    var before = ""
    for (position, piece) in head.split(whereSeparator: \.isWhitespace).enumerated() {
      let word = piece.trimming { !$0.isLetter }
      let name = word.hasSuffix("'s") || word.hasSuffix("’s") ? String(word.dropLast(2)) : word
      if position > 0 || !skippingFirst, name.first?.isUppercase == true, !Verbs.ordinary.contains(name.lowercased()) {
        names.append((name, before))
      }
      if !piece.hasPrefix("(") { before = name.lowercased() }
    }
    return names
  }

  private static func bare(_ piece: Substring) -> String {
    String(piece).trimming { !$0.isLetter && !$0.isNumber }.lowercased()
  }
}

extension StringProtocol {
  /// The text without the characters at either end that `isUnwanted` says true of.
  func trimming(_ isUnwanted: (Character) -> Bool) -> String {
    String(drop(while: isUnwanted).reversed().drop(while: isUnwanted).reversed())
  }
}
