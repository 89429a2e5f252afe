package import SpudBrowser
package import SpudGuardian

extension Proposal {
  /// Buttons that change nothing but what is shown.
  private static let harmless: Set<String> = ["Find", "Sign in"]

  /// What a gesture on a screen is, as far as the screen tells.
  package init(_ gesture: Gesture, on sight: Sight) {
    switch gesture {
    case .click(let x, let y):
      let part = sight.part(x: x, y: y)
      let isWrite = part?.kind == .button && !Self.harmless.contains(part?.text ?? "")
      self.init(
        action: "click", target: part?.text ?? "", effect: isWrite ? sight.effect : nil, seen: sight.fingerprint,
        place: [x, y])
    case .drag(let x, let y, let toX, let toY):
      self.init(
        action: "drag", target: sight.part(x: x, y: y)?.text ?? "", seen: sight.fingerprint, place: [x, y, toX, toY])
    case .type(let text):
      self.init(action: "type", target: sight.focus?.label ?? "", text: text, seen: sight.fingerprint)
    case .key(let key):
      // Enter in a field sends its form.
      let sends = key == .enter && sight.first(.button, "Find") == nil
      self.init(
        action: "key", target: sight.focus?.label ?? "", text: key.rawValue, effect: sends ? sight.effect : nil,
        seen: sight.fingerprint)
    case .scroll(let x, let y, let by):
      self.init(action: "scroll", target: "", seen: sight.fingerprint, place: [x, y, by])
    }
  }

  /// The action in a few words.
  func text(of gesture: Gesture) -> String {
    switch gesture {
    case .click, .drag: "\(action) \(target)"
    case .type(let text): "type \(text)"
    case .key(let key): "key \(key.rawValue)"
    case .scroll: action
    }
  }
}

extension Proposal.Effect {
  /// In a line.
  package var text: String {
    name + ": " + values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}

extension Sight {
  /// What sending the form of the screen would change, as it is there.
  var effect: Proposal.Effect {
    Proposal.Effect(
      name: title, values: Dictionary(fields.map { ($0.label, $0.field.text) }) { first, _ in first })
  }

  var focus: (label: String, field: Part)? { fields.first { $0.field.kind == .focusedField } }
}
