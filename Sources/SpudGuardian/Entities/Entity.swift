/// What is known of an entity.
package struct Entity: Sendable {
  package let uid: EntityUID
  package let attributes: [ExactString: CedarValue]
  /// The groups that it is in at once; what they are in in turn, it is in too.
  package let parents: Set<EntityUID>
  package let tags: [ExactString: CedarValue]

  package init(
    uid: EntityUID, attributes: [ExactString: CedarValue] = [:], parents: Set<EntityUID> = [],
    tags: [ExactString: CedarValue] = [:]
  ) {
    self.uid = uid
    self.attributes = attributes
    self.parents = parents
    self.tags = tags
  }
}
