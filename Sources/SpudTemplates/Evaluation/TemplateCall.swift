internal import SpudErrors

/// A filter, test, method or function with its arguments, evaluated.
struct TemplateCall {
  /// What is called, for messages.
  let name: String
  var positional: [TemplateValue]
  var named: [Named]

  struct Named {
    let name: String
    let value: TemplateValue
    /// Who spelled the name: with `**values` it may be the user.
    var origin = TemplateText.Origin.template
  }

  /// The arguments in the order of `names`; nil where one was not given.
  ///
  /// - Throws: If there are too many, one is unknown, or one is given twice.
  func arguments(_ names: String..., for evaluator: TemplateEvaluator) throws -> [TemplateValue?] {
    guard positional.count <= names.count else {
      throw evaluator.fail("'\(name)' has \(positional.count) arguments, but takes at most \(names.count)")
    }
    var values = positional.map(Optional.some) + .init(repeating: nil, count: names.count - positional.count)
    for argument in named {
      guard let index = names.firstIndex(of: argument.name) else {
        throw evaluator.fail("'\(name)' has no argument '\(argument.name.prefix(40))'")
      }
      guard index >= positional.count else {
        throw evaluator.fail("'\(name)' has its argument '\(argument.name)' twice")
      }
      values[index] = argument.value
    }
    return values
  }
}

extension TemplateDictionary {
  init(named arguments: [TemplateCall.Named]) {
    self.init()
    set(arguments)
  }

  mutating func set(_ arguments: [TemplateCall.Named]) {
    for argument in arguments { _ = set(.text(argument.name, origin: argument.origin), to: argument.value) }
  }
}

extension TemplateEvaluator {
  func evaluate(_ arguments: TemplateArguments, in scope: TemplateScope, for name: String = "") throws -> TemplateCall {
    var call = TemplateCall(
      name: name, positional: try arguments.positional.map { try evaluate($0, in: scope) },
      named: try arguments.named.map { .init(name: $0.name, value: try evaluate($0.value, in: scope)) })
    if let spread = arguments.spread { call.positional += try elements(of: try evaluate(spread, in: scope)) }
    if let spread = arguments.namedSpread {
      guard case .dictionary(let dictionary) = try evaluate(spread, in: scope) else {
        throw fail("'**' stands before what is no dictionary")
      }
      for entry in dictionary.entries {
        guard let name = entry.key.text else { throw fail("'**' stands before a dictionary whose keys are no strings") }
        call.named.append(.init(name: name.string, value: entry.value, origin: name.joinedOrigin))
      }
    }
    return call
  }

  /// Evaluates an expression that is a call.
  ///
  /// - Parameter caller: What `caller()` is within the macro that is called.
  func call(_ expression: TemplateExpression, caller: TemplateValue?, in scope: TemplateScope) throws -> TemplateValue {
    guard case .call(let callee, let arguments) = expression else { throw fail("what is called is no call") }
    let function = try evaluate(callee, in: scope)
    var call = try evaluate(arguments, in: scope)
    switch function {
    case .macro(let macro):
      return try deeper { .text(try run(macro, &call, caller: caller)) }
    case .function(let function):
      return try self.call(function, .init(name: function.rawValue, positional: call.positional, named: call.named))
    case .method(let method):
      let call = TemplateCall(name: method.name, positional: call.positional, named: call.named)
      return try self.call(method, call)
    case .undefined(let missing): throw fail(missing.sentence + ", and is called")
    default: throw fail("\(function.kind) is called, which is no function")
    }
  }

  private func run(_ macro: TemplateMacro, _ call: inout TemplateCall, caller: TemplateValue?) throws -> TemplateText {
    let scope = TemplateScope(parent: macro.scope)
    let name = macro.definition.name.map { program.names[$0] } ?? "caller"
    var missing: [(name: Int, value: TemplateExpression?)] = []
    for parameter in macro.definition.parameters {
      if !call.positional.isEmpty {
        scope.set(parameter.name, to: call.positional.removeFirst())
      } else if let index = call.named.firstIndex(where: { $0.name == program.names[parameter.name] }) {
        scope.set(parameter.name, to: call.named.remove(at: index).value)
      } else {
        missing.append(parameter)
      }
    }
    for parameter in missing {
      let fallback = TemplateValue.undefined(.init(owner: nil, name: program.names[parameter.name]))
      scope.set(parameter.name, to: try parameter.value.map { try evaluate($0, in: scope) } ?? fallback)
    }
    if let positionalName {
      scope.set(positionalName, to: .list(TemplateList(call.positional, isTuple: true)))
    } else if !call.positional.isEmpty {
      throw fail("the macro '\(name)' has more arguments than parameters")
    }
    if let namedName {
      scope.set(namedName, to: .dictionary(TemplateDictionary(named: call.named)))
    } else if let unknown = call.named.first {
      throw fail("the macro '\(name)' has no parameter '\(unknown.name.prefix(40))'")
    }
    if let callerName { scope.set(callerName, to: caller ?? .undefined(.init(owner: nil, name: "caller"))) }
    let line = self.line
    defer { self.line = line }
    return try captured(macro.definition.body, in: scope)
  }

  private func call(_ function: TemplateFunction, _ call: TemplateCall) throws -> TemplateValue {
    switch function {
    case .range: return try range(call)
    case .dict: return .dictionary(try dictionary(of: call))
    case .namespace:
      var attributes: [String: TemplateValue] = [:]
      for entry in try dictionary(of: call).entries {
        guard let name = entry.key.text?.string else { throw fail("a namespace's attribute has no name") }
        guard !name.hasPrefix("_") else { throw fail("a namespace's attribute may not begin with '_'") }
        attributes[name] = entry.value
      }
      let namespace = TemplateNamespace(attributes)
      namespaces.append(namespace)
      return .namespace(namespace)
    case .raiseException:
      let message = try call.arguments("message", for: self)[0].map { try printed($0).string } ?? ""
      throw fail("the template refuses this conversation: \(message.prefix(500))")
    case .formattedTime:
      guard case .text(let format) = try call.arguments("format", for: self)[0] else {
        throw fail("'strftime_now' is called without a format")
      }
      return .text(try charged(TemplateText(try now.formatted(format.string), origin: format.joinedOrigin)))
    }
  }

  private func dictionary(of call: TemplateCall) throws -> TemplateDictionary {
    var result = TemplateDictionary()
    for argument in call.positional {
      guard case .dictionary(let dictionary) = argument else {
        throw fail("'\(call.name)' is called with \(argument.kind), where a dictionary was expected")
      }
      result = dictionary
    }
    result.set(call.named)
    return result
  }

  private func range(_ call: TemplateCall) throws -> TemplateValue {
    let bounds = try call.positional.map { value in
      guard let bound = value.integer else { throw fail("'range' is called with \(value.kind)") }
      return bound
    }
    guard (1...3).contains(bounds.count), call.named.isEmpty else { throw fail("'range' takes 1 to 3 integers") }
    let start = bounds.count == 1 ? 0 : bounds[0], end = bounds.count == 1 ? bounds[0] : bounds[1]
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw fail("'range' is called with a step of 0") }
    var values: [TemplateValue] = [], next = (partialValue: start, overflow: false)
    while !next.overflow, step > 0 ? next.partialValue < end : next.partialValue > end {
      guard values.count < 100_000 else { throw fail("'range' gives more than 100000 integers") }
      values.append(.integer(next.partialValue))
      next = next.partialValue.addingReportingOverflow(step)
    }
    try self.step(values.count)
    return .list(values)
  }

  /// What a loop walks over.
  func elements(of value: TemplateValue) throws -> [TemplateValue] {
    let items: [TemplateValue]
    switch value {
    case .undefined: items = []
    case .list(let list): items = list.items
    case .dictionary(let dictionary): items = dictionary.keys
    case .text(let text):
      try step(text.utf8.count)
      items = text.scalars.map { .text(text.slice($0.range)) }
    case .iterator(let iterator): items = iterator.rest()
    default: throw fail("\(value.kind) is walked over, which has no elements")
    }
    try step(items.count)
    return items
  }

  /// How many elements a value has; nil if it has none to count.
  func length(of value: TemplateValue) -> Int? {
    switch value {
    case .undefined: 0
    case .list(let list): list.items.count
    case .dictionary(let dictionary): dictionary.count
    case .text(let text): text.scalarCount
    default: nil
    }
  }
}
