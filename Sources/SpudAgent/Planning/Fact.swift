/// Something that shall hold in the end, where it can be seen, and how it is brought about.
package struct Fact: Sendable, Equatable {
  package enum Place: Sendable, Hashable {
    /// The record of a person, by email.
    case person(String)
    case stock

    /// Whether a screen is this place, or says that there is no such place.
    func isAnswered(on sight: Sight) -> Bool {
      guard case .person(let email) = self else { return sight.title == "Stock" }
      // Who was searched for and is not in the list has no record.
      let isSearched = sight.title == "People" && sight.fields.contains { $0.field.text == email }
      return sight.shows("Email \(email)") || isSearched && sight.first(.link, email) == nil
    }
  }

  /// Whom or what it is about: an email or an item.
  package var subject: String
  package var place: Place
  /// Lines that are to be seen there, or that are not to be.
  package var lines: [String]
  package var areThere: Bool = true
  package var form: Filling
  /// What it has to do with the others of its subject.
  package var order: Order = .any
  /// Other ways, where something stands in this one.
  package var detours: [Detour] = []

  package enum Order: Sendable {
    /// Comes first: the others are begun when it was seen to hold.
    case first
    case any
    /// Comes last: it is begun when the others were seen to hold.
    case last
  }

  /// A form with what to fill in.
  package struct Filling: Sendable, Equatable {
    /// The form's title.
    package var form: String
    /// By label.
    package var values: [String: String]

    package init(_ form: String, _ values: [String: String]) {
      self.form = form
      self.values = values
    }
  }

  /// What to do where the page says that this stands in the way.
  package struct Detour: Sendable, Equatable {
    /// What the page says.
    package var blocker: String
    /// What to fill in first.
    package var first: Filling?
    /// The subject, replaced by another here and in all that follows.
    package var subject: String?
  }

  /// In words, for logs and reports.
  package var text: String { "\(subject): \(areThere ? "" : "no ")\(lines.joined(separator: ", "))" }

  package func holds(on sight: Sight) -> Bool {
    guard case .person(let email) = place else { return lines.allSatisfy { sight.shows($0) } == areThere }
    // The record of somebody else says nothing.
    return sight.shows("Email \(email)") && lines.allSatisfy { sight.shows($0) == areThere }
  }

  /// The same of another subject.
  func renamed(to subject: String) -> Fact {
    var fact = self
    fact.subject = subject
    if case .person = place { fact.place = .person(subject) }
    if let email = fact.form.values["Email"], email == self.subject { fact.form.values["Email"] = subject }
    fact.lines = lines.map { $0 == "Email \(self.subject)" ? "Email \(subject)" : $0 }
    return fact
  }
}
