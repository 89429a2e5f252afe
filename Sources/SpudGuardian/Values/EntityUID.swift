/// The name of an entity: its type, a path such as `Acme::User`, and an id, which may be any text.
package struct EntityUID: Hashable, Sendable {
  package let type: ExactString
  package let id: ExactString

  package init(type: ExactString, id: ExactString) {
    self.type = type
    self.id = id
  }

  /// The entity that stands for a tool or another kind of action.
  package static func action(_ id: String) -> EntityUID { EntityUID(type: "Action", id: ExactString(id)) }
}

extension EntityUID: CustomStringConvertible {
  /// As a policy would spell it: `Acme::User::"alice"`.
  package var description: String { "\(type.text)::\(id)" }
}
