extension TemplateEvaluator {
  func execute(
    _ statements: [TemplateStatement], in scope: TemplateScope, into output: inout TemplateText
  ) throws -> Flow {
    try deeper {
      for statement in statements {
        try step()
        let flow = try execute(statement, in: scope, into: &output)
        if flow != .onward { return flow }
      }
      return .onward
    }
  }

  private func execute(
    _ statement: TemplateStatement, in scope: TemplateScope, into output: inout TemplateText
  ) throws -> Flow {
    switch statement {
    case .text(let text): try write(text, into: &output)
    case .output(let expression, let line):
      self.line = line
      try write(try printed(try evaluate(expression, in: scope)), into: &output)
    case .branch(let branches, let otherwise, let line):
      self.line = line
      for branch in branches where try evaluate(branch.condition, in: scope).isTrue {
        return try execute(branch.body, in: scope, into: &output)
      }
      return try execute(otherwise, in: scope, into: &output)
    case .loop(let loop, let line):
      self.line = line
      return try run(loop, in: scope, into: &output)
    case .assign(let target, let expression, let line):
      self.line = line
      try assign(try evaluate(expression, in: scope), to: target, in: scope)
    case .capture(let target, let filters, let body, let line):
      self.line = line
      let text = try captured(body, in: TemplateScope(parent: scope))
      try assign(try filtered(.text(text), by: filters, in: scope), to: target, in: scope)
    case .macro(let definition, let line):
      self.line = line
      macroScopes.append(scope)
      if let name = definition.name { scope.set(name, to: .macro(TemplateMacro(definition, scope: scope))) }
    case .callBlock(let call, let caller, let line):
      self.line = line
      macroScopes.append(scope)
      let caller = TemplateValue.macro(TemplateMacro(caller, scope: scope))
      try write(try printed(try self.call(call, caller: caller, in: scope)), into: &output)
    case .filterBlock(let filters, let body, let line):
      self.line = line
      let text = try captured(body, in: TemplateScope(parent: scope))
      try write(try printed(try filtered(.text(text), by: filters, in: scope)), into: &output)
    case .with(let values, let body, let line):
      self.line = line
      let inner = TemplateScope(parent: scope)
      for value in values { try assign(try evaluate(value.value, in: scope), to: value.target, in: inner) }
      return try execute(body, in: inner, into: &output)
    case .generation(let body, let line):
      self.line = line
      _ = try execute(body, in: TemplateScope(parent: scope), into: &output)
    case .leaveLoop: return .leaveLoop
    case .nextIteration: return .nextIteration
    }
    return .onward
  }

  private func write(_ text: TemplateText, into output: inout TemplateText) throws {
    try charge(text.utf8.count)
    try check(length: output.utf8.count + text.utf8.count)
    output.append(text)
  }

  /// What statements write.
  func captured(_ body: [TemplateStatement], in scope: TemplateScope) throws -> TemplateText {
    var output = TemplateText()
    _ = try execute(body, in: scope, into: &output)
    return output
  }

  private func run(_ loop: TemplateLoop, in scope: TemplateScope, into output: inout TemplateText) throws -> Flow {
    var items = try elements(of: try evaluate(loop.values, in: scope))
    if let condition = loop.condition {
      items = try items.filter { item in
        let inner = TemplateScope(parent: scope)
        try assign(item, to: loop.target, in: inner)
        return try evaluate(condition, in: inner).isTrue
      }
    }
    if items.isEmpty { return try execute(loop.otherwise, in: TemplateScope(parent: scope), into: &output) }
    let state = TemplateLoopState(items)
    for (index, item) in items.enumerated() {
      state.index = index
      let inner = TemplateScope(parent: scope)
      if let loopName { inner.set(loopName, to: .loop(state)) }
      try assign(item, to: loop.target, in: inner)
      if try execute(loop.body, in: inner, into: &output) == .leaveLoop { break }
    }
    return .onward
  }

  func assign(_ value: TemplateValue, to target: TemplateTarget, in scope: TemplateScope) throws {
    switch target {
    case .name(let name): scope.set(name, to: value)
    case .tuple(let targets):
      let values = try elements(of: value)
      guard values.count == targets.count else {
        throw fail("\(values.count) values are assigned to \(targets.count) names")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target, in: scope) }
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = scope.value(of: name) else {
        throw fail("'\(program.names[name])' is no namespace, so its '\(attribute)' cannot be set")
      }
      guard !attribute.hasPrefix("_") else { throw fail("a namespace's attribute may not begin with '_'") }
      namespace.attributes[attribute] = value
    }
  }
}
