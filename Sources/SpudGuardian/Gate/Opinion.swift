/// What a model, or a person, says of an action.
package enum Opinion: String, Sendable {
  case allow
  /// A person has to say yes.
  case ask
  case veto
}
