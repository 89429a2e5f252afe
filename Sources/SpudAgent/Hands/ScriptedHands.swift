internal import SpudBrowser
internal import SpudGuardian

/// Hands that know the portal: they see what everybody sees, and err only where the page moves under them.
package struct ScriptedHands: Hands {
  private var goal: Goal = .show(.stock)
  /// What was done last for this goal.
  private var last: Proposal?

  package init() {}

  package mutating func begin(_ goal: Goal) { (self.goal, last) = (goal, nil) }

  package mutating func next(_ sights: [Sight]) throws -> HandAction {
    guard let sight = sights.last else { return .alert("there is nothing to be seen") }
    let action = Self.action(for: goal, after: last, on: sight)
    if case .gesture(let gesture) = action { last = Proposal(gesture, on: sight) }
    return action
  }

  /// What is to be done on a screen.
  ///
  /// - Parameter last: what was done last for the goal; nil where nothing was yet.
  static func action(for goal: Goal, after last: Proposal?, on sight: Sight) -> HandAction {
    if let button = sight.first(.button, "Sign in") { return click(button) }
    switch goal {
    case .send(let filling):
      return last?.action == "click" && last?.target == "Save" ? .done : send(filling, last, sight)
    case .show(.person(let email)): return show(email, last, sight)
    case .show(.stock): return sight.title == "Stock" && last != nil ? .done : go(to: "Stock", sight)
    }
  }

  private static func send(_ filling: Fact.Filling, _ last: Proposal?, _ sight: Sight) -> HandAction {
    guard sight.title == filling.form else { return go(to: filling.form, sight) }
    for (label, value) in filling.values.sorted(by: { $0.key < $1.key }) {
      guard let field = sight.fields.first(where: { $0.label == label })?.field else {
        return .alert("the form has no field \(label)")
      }
      if let action = fill(field, with: value, last) { return action }
    }
    guard let button = sight.first(.button, "Save") else { return .alert("the form has no button") }
    return click(button)
  }

  /// The next action on a field; nil where it has its value.
  private static func fill(_ field: Sight.Part, with value: String, _ last: Proposal?) -> HandAction? {
    guard field.text != value else { return nil }
    guard field.kind == .focusedField else { return click(field) }
    let isSelected = last?.action == "key" && last?.text == Gesture.Key.all.rawValue
    if !field.text.isEmpty, !isSelected { return .gesture(.key(.all)) }
    return value.isEmpty ? .gesture(.key(.backspace)) : .gesture(.type(value))
  }

  private static func show(_ email: String, _ last: Proposal?, _ sight: Sight) -> HandAction {
    if sight.title == "Person", last != nil, sight.shows("Email \(email)") { return .done }
    guard sight.title == "People" else { return go(to: "People", sight) }
    if let link = sight.first(.link, email) { return click(link) }
    guard let field = sight.fields.first?.field else { return .alert("the list has no search") }
    if let action = fill(field, with: email, last) { return action }
    guard let button = sight.first(.button, "Find") else { return .alert("the list has no button") }
    // What was searched for and is not there, nobody is.
    return last?.action == "click" && last?.target == "Find" ? .done : click(button)
  }

  private static func go(to name: String, _ sight: Sight) -> HandAction {
    if let link = sight.first(.link, name) ?? sight.first(.link, "Home") { return click(link) }
    return .alert("nothing leads to \(name)")
  }

  private static func click(_ part: Sight.Part) -> HandAction {
    .gesture(.click(x: part.centre.x, y: part.centre.y))
  }
}
