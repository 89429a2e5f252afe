/// A task in a person's words, and the values that it names.
struct TaskText {
  let sentences: [Sentence]

  /// Every value of these kinds that the text names: a person trusts them by writing them down.
  let addresses: [String]
  let links: [String]
  let accounts: [String]
  let quotations: [String]
  let files: [String]
  /// Patterns that a day's spelling in an argument matches: `*2025-01-11*`, or `*-01-11*` where no year is named.
  let days: [String]

  init(_ text: String) {
    addresses = Self.matches(of: /[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/, in: text)
    // Hosts in small letters, so that a sentence that begins right behind one is not taken for its end.
    links = Self.matches(
      of: /(?:https?:\/\/|www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:\/(?:[A-Za-z0-9_.~\/-]*[A-Za-z0-9_~\/-])?)?/, in: text)
    accounts = Self.matches(of: /\b[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}\b/, in: text)
    quotations = text.matches(of: /(?:^|[\s(:])['"“‘]([^'"“”‘’\n]+(?:'[a-z][^'"“”‘’\n]*)*)['"”’]/).map {
      String($0.output.1)
    }
    files = Self.matches(of: /\b[A-Za-z0-9_-]+\.(?:docx?|xlsx?|pptx?|txt|md|pdf|csv|json)\b/, in: text)
    days = Days.patterns(in: text)
    sentences = Self.split(text).map(Sentence.init)
  }

  /// Whether one of `words`, in small letters, stands anywhere in the text.
  func mentions(_ words: some Sequence<String>) -> Bool {
    words.contains { word in sentences.contains { $0.words.contains(word) } }
  }

  /// Cuts where a full stop, an exclamation or a question mark is followed by space and a capital, and at line ends.
  private static func split(_ text: String) -> [String] {
    var sentences: [String] = [], current = ""
    let characters = Array(text)
    for (position, character) in characters.enumerated() {
      current.append(character)
      guard character.isNewline || ".!?".contains(character) else { continue }
      let rest = characters[(position + 1)...]
      let next = rest.first { !$0.isWhitespace }
      guard character.isNewline || next == nil || rest.first?.isWhitespace == true && next?.isUppercase == true else {
        continue
      }
      sentences.append(current)
      current = ""
    }
    return (sentences + [current]).filter { $0.contains { !$0.isWhitespace } }
  }

  private static func matches(of pattern: some RegexComponent, in text: String) -> [String] {
    var found: [String] = []
    for match in text.matches(of: pattern) where !found.contains(String(text[match.range])) {
      found.append(String(text[match.range]))
    }
    return found
  }
}
