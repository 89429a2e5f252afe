/// What an agent is about to do, with what it saw when it decided to.
package struct Proposal: Sendable, Hashable {
  /// What a request would change, as it can be read from a screen or from the request itself: the same on both sides.
  package struct Effect: Sendable, Hashable {
    /// What it is called; for a form its title, for a tool its name.
    package let name: String
    package let values: [String: String]

    package init(name: String, values: [String: String]) {
      self.name = name
      self.values = values
    }
  }

  /// The kind of action: `click`, `type`, `key`, `open`, a tool's name.
  package let action: String
  /// What it is done to: the words under the pointer, a field's label, a path.
  package let target: String
  /// What is written, where something is.
  package let text: String
  /// What it will change outside of the page; nil where it changes nothing.
  package let effect: Effect?
  /// The screen, or whatever else the decision rests on.
  package let seen: Fingerprint
  /// Where it is done, in pixels; nil where it is done nowhere.
  package let place: [Int]?

  package init(
    action: String, target: String, text: String = "", effect: Effect? = nil, seen: Fingerprint, place: [Int]? = nil
  ) {
    self.action = action
    self.target = target
    self.text = text
    self.effect = effect
    self.seen = seen
    self.place = place
  }

  /// What an approval is bound to.
  package var binding: Fingerprint { Self.binding(target: target, effect: effect, seen: seen) }

  static func binding(target: String, effect: Effect?, seen: Fingerprint) -> Fingerprint {
    var parts = ["\(seen)", target]
    if let effect {
      parts.append(effect.name)
      for (name, value) in effect.values.sorted(by: { $0.key < $1.key }) { parts += [name, value] }
    }
    // Lengths before the parts: no two lists of parts are one text.
    return Fingerprint(of: parts.map { "\($0.utf8.count):\($0)" }.joined())
  }
}
