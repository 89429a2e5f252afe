/// A form of prompts: words, and places that each hold one of several words, such as `draw a {colour} {shape}`.
struct PromptPattern: Sendable, Equatable {
  /// What may stand at one place of a prompt.
  indirect enum Element: Sendable, Equatable {
    case word(String)
    /// One of several runs, such as `red`, or `top left`, or `add {number}`.
    case choice([[Element]])
    /// A whole number.
    case number(ClosedRange<Int>)
  }

  let elements: [Element]
  /// The mark at the end, which a prompt may lack.
  private let ending: String

  /// - Parameters:
  ///   - form: Words and names of slots in braces.
  ///   - slots: What each slot may hold.
  /// - Returns: Nil where the form names a slot that is not there.
  init?(_ form: String, slots: [String: Element]) {
    guard var elements = Self.elements(of: form, slots: slots) else { return nil }
    if case .word(let mark) = elements.last, ["?", "."].contains(mark) {
      elements.removeLast()
      ending = mark
    } else {
      ending = ""
    }
    self.elements = elements
  }

  /// The elements of a form, or of what a slot may hold.
  static func elements(of form: String, slots: [String: Element]) -> [Element]? {
    var elements: [Element] = []
    for piece in form.matches(of: /{([^{}]*)}|[^{}]+/) {
      if let name = piece.output.1 {
        guard let slot = slots[String(name)] else { return nil }
        elements.append(slot)
      } else {
        elements += words(of: String(piece.output.0)).map(Element.word)
      }
    }
    return elements
  }

  /// A text in words: each run of letters or digits is one, and so is each mark.
  static func words(of text: String) -> [String] {
    text.matches(of: /[\p{L}\p{N}']+|[^\s\p{L}\p{N}']/).map { String($0.output) }
  }

  /// Whether a prompt, in words, has this form.
  func matches(_ prompt: [String]) -> Bool {
    Self.ends(of: elements, in: prompt, from: 0).contains(prompt.count)
  }

  /// Where a prompt may stand after `elements` that begin at `start`.
  ///
  /// - Complexity: O(prompt · elements), nested ones included: of each element only where it may end is kept.
  private static func ends(of elements: [Element], in prompt: [String], from start: Int) -> Set<Int> {
    elements.reduce([start]) { places, element in
      places.reduce(into: []) { next, place in
        switch element {
        case .word(let word): if place < prompt.count, prompt[place] == word { next.insert(place + 1) }
        case .choice(let runs): for run in runs { next.formUnion(ends(of: run, in: prompt, from: place)) }
        case .number(let range):
          if place < prompt.count, let number = Int(prompt[place]), range.contains(number) { next.insert(place + 1) }
        }
      }
    }
  }

  /// How near a prompt is to a form.
  struct Likeness {
    /// A prompt of the form, with as many of the words as fit.
    var prompt: String
    /// Whether enough of the words fit for it to be what was meant.
    var isNear: Bool
    /// Greater is nearer.
    var score: Double
  }

  /// How much a prompt has in common with this form.
  func likeness(to prompt: [String]) -> Likeness {
    let words = prompt.map { $0.lowercased() }
    var place = 0
    /// The words of the prompt that stand in this form, too: each counts once.
    var used: Set<Int> = []
    /// How often each element had to do without a word of the prompt: each time it takes another of its own.
    var misses: [String: Int] = [:]
    var filled: [String] = []
    for element in elements {
      if case .word(let word) = element {
        filled.append(word)
        guard let found = words.indices[place...].first(where: { words[$0] == word && !used.contains($0) }) else {
          continue
        }
        used.insert(found)
        // A word that is everywhere must not pass over those before it.
        if found == place { place += 1 }
        continue
      }
      let found = words.indices[place...].lazy.compactMap { at in
        Self.ends(of: [element], in: words, from: at).max().map { at..<$0 }
      }.first
      if let found {
        filled += words[found]
        place = found.upperBound
        used.formUnion(found)
      } else {
        let first = Self.example(of: element, 0)
        filled += Self.example(of: element, misses[first.joined(), default: 0])
        misses[first.joined(), default: 0] += 1
      }
    }
    // Words of the prompt that the form has count for more than words of the form that the prompt lacks.
    let covered = Double(used.count) / Double(max(1, words.count))
    let fitting = Double(used.count) / Double(max(1, filled.count))
    return Likeness(prompt: Self.joined(filled) + ending, isNear: covered >= 0.4, score: 2 * covered + 0.3 * fitting)
  }

  /// Words that an element may be: of a choice those of the run of this number.
  private static func example(of element: Element, _ number: Int) -> [String] {
    switch element {
    case .word(let word): [word]
    case .choice(let runs): runs.isEmpty ? [] : runs[number % runs.count].flatMap { example(of: $0, 0) }
    case .number(let range): ["\(min(range.lowerBound + number, range.upperBound))"]
    }
  }

  /// Words as a text, marks close to what they follow.
  private static func joined(_ words: [String]) -> String {
    words.reduce(into: "") { text, word in
      let isMark = word.count == 1 && ".,;:?!".contains(word)
      text += text.isEmpty || isMark ? word : " " + word
    }
  }
}
