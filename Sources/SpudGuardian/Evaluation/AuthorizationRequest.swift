internal import SpudErrors
package import SpudTensors

/// Who wants to do what, on what, and whatever else is known of it.
package struct AuthorizationRequest: Sendable {
  package let principal: EntityUID
  package let action: EntityUID
  package let resource: EntityUID
  package var context: [ExactString: CedarValue]

  package init(
    principal: EntityUID, action: EntityUID, resource: EntityUID, context: [ExactString: CedarValue] = [:]
  ) {
    self.principal = principal
    self.action = action
    self.resource = resource
    self.context = context
  }

  /// Reads an object with `principal`, `action`, `resource` and, optionally, `context`, in Cedar's JSON.
  package init(json: JSONValue, name: String) throws {
    let reader = CedarJSON(name: name)
    func uid(_ key: String) throws -> EntityUID {
      guard let member = json[key] else { throw SpudError(.badData, "\(name): a request without '\(key)'") }
      return try reader.entityUID(member)
    }
    self.init(
      principal: try uid("principal"), action: try uid("action"), resource: try uid("resource"),
      context: try reader.record(json["context"] ?? .object(.init())))
  }
}
