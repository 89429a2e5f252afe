internal import SpudErrors
package import SpudTensors

/// The entities that a request may refer to.
package struct EntityStore: Sendable {
  private let entities: [EntityUID: Entity]

  package static let empty = EntityStore(checked: [:])

  private init(checked entities: [EntityUID: Entity]) { self.entities = entities }

  /// - Throws: `SpudError.badData` where an entity is given twice, or is in itself by way of its groups.
  package init(_ list: [Entity], name: String = "entities") throws {
    var entities: [EntityUID: Entity] = [:]
    for entity in list {
      guard entities.updateValue(entity, forKey: entity.uid) == nil else {
        throw SpudError(.badData, "\(name): the entity \(entity.uid) is given twice")
      }
    }
    self.init(checked: entities)
    try refuseCycles(name: name)
  }

  /// Reads Cedar's JSON: a list of objects with `uid`, `attrs`, `parents` and, optionally, `tags`.
  package init(json: JSONValue, name: String) throws {
    guard let list = json.array else {
      throw SpudError(.badData, "\(name): \(json.kind) where a list of entities was expected")
    }
    try self.init(list.map { try CedarJSON(name: name).entity($0) }, name: name)
  }

  package subscript(uid: EntityUID) -> Entity? { entities[uid] }

  /// Whether `uid` is one of `groups`, or in one of them, however deep.
  ///
  /// - Complexity: O(groups above `uid`), each of which is looked at once.
  package func isMember(_ uid: EntityUID, ofAny groups: Set<EntityUID>) -> Bool {
    if groups.contains(uid) { return true }
    var seen: Set<EntityUID> = [uid]
    var open = [uid]
    while let next = open.popLast() {
      for parent in entities[next]?.parents ?? [] where seen.insert(parent).inserted {
        if groups.contains(parent) { return true }
        open.append(parent)
      }
    }
    return false
  }

  /// Takes away entities whose groups are all done, until none is left; what stays is in a cycle or under one.
  private func refuseCycles(name: String) throws {
    var open: [EntityUID: Int] = [:]
    var members: [EntityUID: [EntityUID]] = [:]
    for entity in entities.values {
      let known = entity.parents.filter { entities[$0] != nil }
      open[entity.uid] = known.count
      for parent in known { members[parent, default: []].append(entity.uid) }
    }
    var done = open.filter { $0.value == 0 }.map(\.key)
    var count = 0
    while let uid = done.popLast() {
      count += 1
      for member in members[uid] ?? [] {
        guard let left = open[member] else { continue }
        open[member] = left - 1
        if left == 1 { done.append(member) }
      }
    }
    guard count == entities.count else {
      let stuck = open.filter { $0.value > 0 }.map(\.key.description).min() ?? ""
      throw SpudError(.badData, "\(name): the entity \(stuck) is in itself, by way of its groups")
    }
  }
}
