internal import SpudErrors
internal import SpudTensors

/// Reads Cedar's values, entities and requests from JSON.
///
/// Values are JSON's own, but for `{"__entity": {"type": …, "id": …}}` and `{"__extn": {"fn": …, "arg": …}}`.
struct CedarJSON {
  /// What to call the document in errors.
  let name: String

  func value(_ json: JSONValue) throws -> CedarValue {
    switch json {
    case .bool(let value): return .bool(value)
    case .string(let text): return .string(ExactString(text))
    case .number(let digits):
      guard let value = Int64(digits) else {
        throw error(
          "the number \(digits.prefix(40)), but numbers are whole and fit into 64 bits, and others are decimals")
      }
      return .long(value)
    case .null: throw error("null, which no value is")
    case .array(let items): return .set(Set(try items.map { try value($0) }))
    case .object(let object):
      if let uid = object["__entity"], object.count == 1 { return .entity(try entityUID(uid)) }
      if let call = object["__extn"], object.count == 1 { return try extensionValue(call) }
      if object["__expr"] != nil { throw error("an '__expr', which is not supported") }
      return .record(try record(json))
    }
  }

  /// The members of an object as attributes.
  func record(_ json: JSONValue) throws -> [ExactString: CedarValue] {
    guard let object = json.object else { throw error("\(json.kind) where an object of attributes was expected") }
    var record: [ExactString: CedarValue] = [:]
    for member in object.members { record[ExactString(member.key)] = try value(member.value) }
    return record
  }

  /// `{"type": …, "id": …}`, or that as an `__entity`.
  func entityUID(_ json: JSONValue) throws -> EntityUID {
    let json = json["__entity"] ?? json
    guard let type = json["type"]?.string, let id = json["id"]?.string else {
      throw error("an entity that does not have a type and an id, both strings")
    }
    guard Self.isPath(type) else { throw error("the entity type '\(type.prefix(80))', which is no name") }
    return EntityUID(type: ExactString(type), id: ExactString(id))
  }

  func entity(_ json: JSONValue) throws -> Entity {
    guard let uid = json["uid"] else { throw error("an entity without a uid") }
    guard let parents = (json["parents"] ?? .array([])).array else { throw error("parents that are no list") }
    return Entity(
      uid: try entityUID(uid), attributes: try record(json["attrs"] ?? .object(.init())),
      parents: Set(try parents.map { try entityUID($0) }), tags: try record(json["tags"] ?? .object(.init())))
  }

  private func extensionValue(_ call: JSONValue) throws -> CedarValue {
    guard let spelling = call["fn"]?.string, let function = ExtensionFunction(rawValue: spelling) else {
      throw error("an '__extn' whose fn is no function of Cedar's")
    }
    let arguments = call["args"]?.array ?? call["arg"].map { [$0] } ?? []
    do {
      return try function.call(try arguments.map { try value($0) })
    } catch let failure as EvaluationError {
      throw error(failure.message)
    }
  }

  private static func isPath(_ text: String) -> Bool {
    text.split(separator: "::", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.utf8.first, !PolicyParser.reserved.contains(String(part)) else { return false }
      return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        && part.utf8.allSatisfy { byte in
          (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
  }

  private func error(_ what: String) -> SpudError { SpudError(.badData, "\(name): \(what)") }
}
