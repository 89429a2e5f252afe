internal import SpudBrowser

/// Hands that know the portal: they see what everybody sees, and err only where the page moves under them.
package struct ScriptedHands: Hands {
  private var goal: Goal = .show(.stock)
  private var hasSent = false
  /// Links and buttons that lead on, pressed for this goal.
  private var moves = 0
  private var hasSelected = false
  private var hasSearched = false

  package init() {}

  package mutating func begin(_ goal: Goal) {
    self.goal = goal
    (hasSent, moves, hasSelected, hasSearched) = (false, 0, false, false)
  }

  package mutating func next(_ sights: [Sight]) throws -> HandAction {
    guard let sight = sights.last else { return .alert("there is nothing to be seen") }
    if let button = sight.first(.button, "Sign in") {
      (hasSent, hasSelected, hasSearched) = (false, false, false)
      return click(button)
    }
    switch goal {
    case .send(let filling): return send(filling, sight)
    case .show(.person(let email)): return show(email, sight)
    case .show(.stock): return sight.title == "Stock" && moves > 0 ? .done : go(to: "Stock", sight)
    }
  }

  private mutating func send(_ filling: Fact.Filling, _ sight: Sight) -> HandAction {
    if hasSent { return .done }
    guard sight.title == filling.form else { return go(to: filling.form, sight) }
    for (label, value) in filling.values.sorted(by: { $0.key < $1.key }) {
      guard let field = sight.fields.first(where: { $0.label == label })?.field else {
        return .alert("the form has no field \(label)")
      }
      if let action = fill(field, with: value) { return action }
    }
    guard let button = sight.first(.button, "Save") else { return .alert("the form has no button") }
    hasSent = true
    return click(button)
  }

  /// The next action on a field; nil where it has its value.
  private mutating func fill(_ field: Sight.Part, with value: String) -> HandAction? {
    guard field.text != value else { return nil }
    guard field.kind == .focusedField else {
      hasSelected = false
      return .gesture(.click(x: field.centre.x, y: field.centre.y))
    }
    if !field.text.isEmpty, !hasSelected {
      hasSelected = true
      return .gesture(.key(.all))
    }
    hasSelected = false
    return value.isEmpty ? .gesture(.key(.backspace)) : .gesture(.type(value))
  }

  private mutating func show(_ email: String, _ sight: Sight) -> HandAction {
    if sight.title == "Person", moves > 0, sight.shows("Email \(email)") { return .done }
    guard sight.title == "People" else { return go(to: "People", sight) }
    if let link = sight.first(.link, email) { return click(link) }
    guard let field = sight.fields.first?.field else { return .alert("the list has no search") }
    if let action = fill(field, with: email) {
      hasSearched = false
      return action
    }
    // What was searched for and is not there, nobody is.
    if hasSearched { return .done }
    guard let button = sight.first(.button, "Find") else { return .alert("the list has no button") }
    hasSearched = true
    return click(button)
  }

  private mutating func go(to name: String, _ sight: Sight) -> HandAction {
    if let link = sight.first(.link, name) ?? sight.first(.link, "Home") { return click(link) }
    return .alert("nothing leads to \(name)")
  }

  private mutating func click(_ part: Sight.Part) -> HandAction {
    moves += 1
    return .gesture(.click(x: part.centre.x, y: part.centre.y))
  }
}
