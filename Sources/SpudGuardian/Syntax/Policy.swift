/// One policy: whom, what and which it is about, and under which conditions it permits or forbids.
package struct Policy: Sendable {
  package enum Effect: String, Sendable { case permit, forbid }

  /// `policy0`, `policy1`, … by place in the text, as Cedar counts them.
  package let id: String
  package let effect: Effect
  /// `@key("value")`; a key without a value has "".
  package let annotations: [(key: String, value: ExactString)]
  /// What the three parts of the head demand, and each `when` and `unless`, all of which must hold.
  let conditions: [Expression]

  /// The value of the annotation `@id`, or else the id: what to call the policy.
  package var name: String { annotations.first { $0.key == "id" }?.value.text ?? id }
}
