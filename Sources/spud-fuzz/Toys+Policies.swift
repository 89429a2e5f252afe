internal import SpudGuardian

/// A small world for policies to be decided in.
extension Toys {
  static let policies = PolicySet([])

  static let entities: EntityStore = {
    let group = EntityUID(type: "a", id: "g"), user = EntityUID(type: "a", id: "u")
    let attributes: [ExactString: CedarValue] = [
      "n": .long(.max), "s": .text("a*b"), "set": .set([.long(1), .text("x")]), "r": .record(["u": .entity(user)]),
      "t": .datetime(Datetime(milliseconds: .min)), "d": .decimal(FixedDecimal(tenThousandths: .max)),
    ]
    do {
      return try EntityStore([
        Entity(uid: user, attributes: attributes, parents: [group], tags: ["t": .bool(true)]), Entity(uid: group),
      ])
    } catch {
      return .empty
    }
  }()

  static let requests: [AuthorizationRequest] = {
    let user = EntityUID(type: "a", id: "u"), stranger = EntityUID(type: "b", id: "")
    let context: [ExactString: CedarValue] = ["on": .bool(true), "n": .long(.min), "s": .text("é")]
    return [
      AuthorizationRequest(principal: user, action: .action("action"), resource: stranger, context: context),
      AuthorizationRequest(principal: stranger, action: .action(""), resource: user),
    ]
  }()
}
