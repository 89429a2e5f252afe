package import SpudGuardian
package import SpudTensors

/// A tool as a model is told of it.
package struct DeclaredTool: Sendable, Equatable {
  package let name: String
  package let description: String
  /// A JSON schema of the arguments, which are an object.
  package let parameters: JSONValue

  package init(name: String, description: String, parameters: JSONValue) {
    self.name = name
    self.description = description
    self.parameters = parameters
  }

  /// In OpenAI's form.
  package var schema: JSONValue {
    func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }
    return object([
      ("type", .string("function")),
      (
        "function",
        object([("name", .string(name)), ("description", .string(description)), ("parameters", parameters)])
      ),
    ])
  }

  /// What is wrong with arguments, in a sentence: what is missing, what there is no property for, and values of
  /// another type. Nil where nothing is; whatever else a schema says, the tool has to look at itself.
  func problem(with arguments: JSONObject) -> String? {
    let properties = parameters["properties"]
    for required in parameters["required"]?.array ?? [] {
      guard let key = required.string, arguments[key] == nil else { continue }
      return "\(name): '\(key)' is missing"
    }
    for member in arguments.members {
      let (key, value) = (member.key, member.value)
      guard let property = properties?[key] else {
        if parameters["additionalProperties"]?.bool == false { return "\(name): there is no '\(key)'" }
        continue
      }
      guard let type = property["type"]?.string else { continue }
      let isRight =
        switch type {
        case "string": value.string != nil
        case "integer": value.int != nil
        case "number": value.double != nil
        case "boolean": value.bool != nil
        case "array": value.array != nil
        case "object": if case .object = value { true } else { false }
        default: true
        }
      guard isRight else { return "\(name): '\(key)' is \(value.kind), expected \(type)" }
      if let choices = property["enum"]?.array, !choices.contains(value) {
        return "\(name): '\(key)' is none of its choices"
      }
    }
    return nil
  }
}

/// Tools that an agent works with in place of a screen.
package protocol Toolbox {
  /// What a model is told at the beginning.
  var instructions: String { get }
  var tools: [DeclaredTool] { get }
  /// What the gate is asked about.
  func proposal(_ name: String, _ arguments: JSONObject) -> Proposal
  /// Makes a call that the gate has approved, past it. What goes wrong is told in words that begin with `error: `.
  func run(_ name: String, _ arguments: JSONObject, as proposal: Proposal, past gate: ActionGate) -> String
}

extension String {
  /// The beginning and the end of a long text, with how much is left out.
  func shortened(to length: Int) -> String {
    guard count > length else { return self }
    let half = length / 2
    return "\(prefix(half))\n[\(count - 2 * half) characters left out]\n\(suffix(half))"
  }
}

extension Toolbox {
  /// Arguments as policies see them: texts and numbers as they are, all else as JSON.
  func values(_ arguments: JSONObject) -> [String: String] {
    Dictionary(
      arguments.members.map {
        (
          $0.key,
          $0.value.string ?? $0.value.int.map(String.init) ?? String(decoding: $0.value.serialized, as: UTF8.self)
        )
      }
    ) { first, _ in first }
  }

  /// Makes a call if it is still what was approved.
  ///
  /// - Parameter seen: what the decision rests on, as it is now.
  func claimed(
    _ proposal: Proposal, seen: Fingerprint, past gate: ActionGate, _ body: () -> String
  ) -> String {
    guard let effect = proposal.effect else { return body() }
    let passage = gate.claim(effect, seen: seen, target: proposal.target)
    guard passage.isAllowed else {
      gate.withdraw()
      return "error: stopped: \(passage.reasons.joined(separator: ", "))"
    }
    let result = body()
    gate.finish(passage, result.hasPrefix("error: ") ? .failed : .completed)
    return result
  }
}
