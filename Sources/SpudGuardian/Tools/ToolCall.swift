internal import SpudErrors
package import SpudTensors

/// What an agent wants to do: a tool and its arguments.
package struct ToolCall: Sendable {
  package let tool: String
  package let arguments: JSONObject

  package init(tool: String, arguments: JSONObject) {
    self.tool = tool
    self.arguments = arguments
  }

  /// The requests that stand for this call; it is permitted when each of them is.
  ///
  /// The action is `Action::"<tool>"`, the resource `Tool::"<tool>"`. `context.input` holds the arguments: lists as
  /// sets, what the schema calls a number as a decimal; a null is left out. Cedar has no "for each", so there is a
  /// request for each element of each list, which stands in `context.each` by the parameter's name.
  ///
  /// - Throws: `SpudError.badData` for an argument that the schema does not know, or that Cedar cannot hold.
  package func requests(principal: EntityUID, schema: ToolSchema) throws -> [AuthorizationRequest] {
    var input: [ExactString: CedarValue] = [:]
    var elements: [(parameter: ExactString, value: CedarValue)] = []
    for member in arguments.members where !member.value.isNull {
      guard let parameter = schema[member.key] else {
        throw SpudError(.badData, "\(tool): the argument '\(member.key.prefix(40))', which the tool does not take")
      }
      let name = ExactString(member.key)
      input[name] = try value(member.value, of: parameter)
      guard case .array(let items) = member.value else { continue }
      elements += try items.map { (name, try value($0, of: parameter)) }
    }
    let records: [[ExactString: CedarValue]] =
      elements.isEmpty ? [[:]] : elements.map { [$0.parameter: $0.value] }
    return records.map { each in
      AuthorizationRequest(
        principal: principal, action: .action(tool), resource: EntityUID(type: "Tool", id: ExactString(tool)),
        context: ["input": .record(input), "each": .record(each)])
    }
  }

  private func value(_ json: JSONValue, of parameter: ToolSchema.Parameter) throws -> CedarValue {
    let reader = CedarJSON(name: "\(tool), argument '\(parameter.name)'")
    guard case .number(let digits) = json, parameter.kind == .number || Int64(digits) == nil else {
      return try reader.value(Self.plain(json))
    }
    let spelling = digits.contains(".") ? digits : digits + ".0"
    guard let decimal = FixedDecimal(parsing: spelling) else {
      throw SpudError(
        .badData, "\(tool): \(parameter.name) is \(digits.prefix(40)), but decimals have four places at most")
    }
    return .decimal(decimal)
  }

  /// The same value with nulls left out, and fractions in nested values as strings, which no policy compares by size.
  private static func plain(_ json: JSONValue) -> JSONValue {
    switch json {
    case .number(let digits) where Int64(digits) == nil: return .string(digits)
    case .array(let items): return .array(items.filter { !$0.isNull }.map(plain))
    case .object(let object):
      return .object(JSONObject(object.members.filter { !$0.value.isNull }.map { ($0.key, plain($0.value)) }))
    default: return json
    }
  }
}
