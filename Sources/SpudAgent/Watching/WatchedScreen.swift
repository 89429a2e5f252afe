/// What the Guardian's model is given of a screen: the form on it, which is where an action can change something.
package struct WatchedScreen: Sendable, Equatable {
  package struct Field: Sendable, Equatable {
    package var label: String
    package var text: String
    package var isFocused: Bool
  }

  package var title: String
  package var fields: [Field]
  package var buttons: [String]
  /// What the page says is wrong; empty where it says nothing.
  package var problem: String

  package init(title: String, fields: [Field] = [], buttons: [String] = [], problem: String = "") {
    self.title = title
    self.fields = fields
    self.buttons = buttons
    self.problem = problem
  }

  package init(_ sight: Sight) {
    let parts = sight.parts
    title = sight.title
    fields = sight.fields.map {
      Field(label: $0.label, text: $0.field.text, isFocused: $0.field.kind == .focusedField)
    }
    buttons = parts.filter { $0.kind == .button }.map(\.text)
    problem = parts.first { $0.kind == .text && $0.text.hasPrefix("! ") }?.text ?? ""
  }
}
