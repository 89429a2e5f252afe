extension TemplateEvaluator {
  func evaluate(_ expression: TemplateExpression, in scope: TemplateScope) throws -> TemplateValue {
    try step()
    switch expression {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .float(let value): return .float(value)
    case .text(let text): return .text(text)
    case .name(let name): return variable(name, in: scope)
    default: return try deeper { try evaluateDeep(expression, in: scope) }
    }
  }

  private func variable(_ number: Int, in scope: TemplateScope) -> TemplateValue {
    if let value = scope.value(of: number) { return value }
    let name = program.names[number]
    if let function = TemplateFunction(rawValue: name) { return .function(function) }
    return .undefined(.init(owner: nil, name: name))
  }

  private func evaluateDeep(_ expression: TemplateExpression, in scope: TemplateScope) throws -> TemplateValue {
    switch expression {
    case .list(let items): return try checked(.list(try items.map { try evaluate($0, in: scope) }))
    case .tuple(let items):
      return try checked(.list(TemplateList(try items.map { try evaluate($0, in: scope) }, isTuple: true)))
    case .dictionary(let members): return try dictionary(members, in: scope)
    case .attribute(let owner, let name): return try attribute(name, of: try evaluate(owner, in: scope))
    case .element(let owner, let index):
      return try element(try evaluate(index, in: scope), of: try evaluate(owner, in: scope))
    case .slice(let owner, let start, let stop, let step):
      return try slice(try evaluate(owner, in: scope), start: start, stop: stop, step: step, in: scope)
    case .call: return try call(expression, caller: nil, in: scope)
    case .filter(let value, let filter):
      return try filtered(try evaluate(value, in: scope), by: [filter], in: scope)
    case .test(let value, let name, let arguments, let isNegated):
      let holds = try test(name, on: try evaluate(value, in: scope), try evaluate(arguments, in: scope))
      return .bool(holds != isNegated)
    case .arithmetic(let first, let rest):
      var value = try evaluate(first, in: scope)
      for (operation, operand) in rest { value = try compute(value, operation, try evaluate(operand, in: scope)) }
      return value
    case .concatenation(let terms): return .text(try concatenation(terms, in: scope))
    case .comparison(let first, let rest): return .bool(try comparison(first, rest, in: scope))
    case .all(let terms): return try lastEvaluated(of: terms, until: false, in: scope)
    case .any(let terms): return try lastEvaluated(of: terms, until: true, in: scope)
    case .not(let value): return .bool(!(try evaluate(value, in: scope).isTrue))
    case .negative(let value): return try compute(.integer(0), .subtract, try evaluate(value, in: scope))
    case .positive(let value): return try compute(.integer(0), .add, try evaluate(value, in: scope))
    case .conditional(let condition, let then, let otherwise):
      if try evaluate(condition, in: scope).isTrue { return try evaluate(then, in: scope) }
      return try otherwise.map { try evaluate($0, in: scope) } ?? .missing
    case .none, .bool, .integer, .float, .text, .name: return .none
    }
  }

  /// `and` and `or` give the value that decides, not whether it is true.
  private func lastEvaluated(
    of terms: [TemplateExpression], until stops: Bool, in scope: TemplateScope
  ) throws -> TemplateValue {
    var value = TemplateValue.none
    for term in terms {
      value = try evaluate(term, in: scope)
      if value.isTrue == stops { break }
    }
    return value
  }

  private func dictionary(
    _ members: [(key: TemplateExpression, value: TemplateExpression)], in scope: TemplateScope
  ) throws -> TemplateValue {
    var result = TemplateDictionary()
    for member in members {
      let key = try evaluate(member.key, in: scope)
      guard result.set(key, to: try evaluate(member.value, in: scope)) else {
        throw fail("\(key.kind) cannot be the key of a dictionary")
      }
    }
    return try checked(.dictionary(result))
  }

  private func concatenation(_ terms: [TemplateExpression], in scope: TemplateScope) throws -> TemplateText {
    var text = TemplateText()
    for term in terms {
      let next = try printed(try evaluate(term, in: scope))
      try check(length: text.utf8.count + next.utf8.count)
      text.append(next)
    }
    return try charged(text)
  }

  private func comparison(
    _ first: TemplateExpression,
    _ rest: [(operation: TemplateExpression.ComparisonOperator, operand: TemplateExpression)], in scope: TemplateScope
  ) throws -> Bool {
    var left = try evaluate(first, in: scope)
    for (operation, operand) in rest {
      let right = try evaluate(operand, in: scope)
      guard try compare(left, operation, right) else { return false }
      left = right
    }
    return true
  }

  /// `value.name`: a method before a member.
  func attribute(_ name: String, of value: TemplateValue) throws -> TemplateValue {
    switch value {
    case .undefined(let missing): throw fail(missing.sentence)
    case .dictionary(let dictionary):
      if hasMethod(name, value) { return .method(TemplateMethod(value, name)) }
      if let member = dictionary[name] { return member }
    case .namespace(let namespace):
      if let member = namespace.attributes[name] { return member }
    case .loop(let loop):
      if let member = attribute(name, of: loop) { return member }
    default:
      if hasMethod(name, value) { return .method(TemplateMethod(value, name)) }
    }
    return .undefined(.init(owner: value.kind, name: name))
  }

  /// `value[index]`: a member before a method.
  func element(_ index: TemplateValue, of value: TemplateValue) throws -> TemplateValue {
    switch value {
    case .undefined(let missing): throw fail(missing.sentence)
    case .dictionary(let dictionary):
      if let key = TemplateDictionary.Key(index), let member = dictionary[key] { return member }
    case .list(let list):
      if let index = index.integer {
        let position = index < 0 ? index + list.items.count : index
        if list.items.indices.contains(position) { return list.items[position] }
      }
    case .text(let text):
      if let index = index.integer {
        try charge(Int(min(index.magnitude, UInt(text.utf8.count))))
        if let scalar = text.scalar(atIndex: index) { return .text(scalar) }
      }
    default: break
    }
    if case .text(let name) = index { return try attribute(name.string, of: value) }
    return .undefined(.init(owner: value.kind, name: try printed(index).string))
  }

  private func attribute(_ name: String, of loop: TemplateLoopState) -> TemplateValue? {
    let count = loop.items.count
    switch name {
    case "index": return .integer(loop.index + 1)
    case "index0": return .integer(loop.index)
    case "revindex": return .integer(count - loop.index)
    case "revindex0": return .integer(count - loop.index - 1)
    case "first": return .bool(loop.index == 0)
    case "last": return .bool(loop.index == count - 1)
    case "length": return .integer(count)
    case "depth": return .integer(1)
    case "depth0": return .integer(0)
    case "previtem": return loop.index > 0 ? loop.items[loop.index - 1] : .missing
    case "nextitem": return loop.index + 1 < count ? loop.items[loop.index + 1] : .missing
    case "cycle", "changed": return .method(TemplateMethod(.loop(loop), name))
    default: return nil
    }
  }

  private func slice(
    _ value: TemplateValue, start: TemplateExpression?, stop: TemplateExpression?, step: TemplateExpression?,
    in scope: TemplateScope
  ) throws -> TemplateValue {
    func bound(_ expression: TemplateExpression?) throws -> Int? {
      guard let expression else { return nil }
      let value = try evaluate(expression, in: scope)
      if case .none = value { return nil }
      guard let integer = value.integer else {
        throw fail("\(value.kind) stands in a slice, where an integer was expected")
      }
      return integer
    }
    let slice = TemplateSlice(start: try bound(start), stop: try bound(stop), step: try bound(step) ?? 1)
    guard slice.step != 0 else { throw fail("a slice whose step is 0") }
    switch value {
    case .list(let list):
      try self.step(list.items.count)
      return .list(TemplateList(slice.indices(of: list.items.count).map { list.items[$0] }, isTuple: list.isTuple))
    case .text(let text):
      try charge(text.utf8.count)
      let offsets = text.scalarOffsets
      let indices = slice.indices(of: offsets.count - 1)
      if slice.step == 1 {
        guard let first = indices.first, let last = indices.last else { return .text(TemplateText()) }
        return .text(text.slice(offsets[first]..<offsets[last + 1]))
      }
      var result = TemplateText()
      for index in indices { result.append(text, offsets[index]..<offsets[index + 1]) }
      return .text(result)
    case .undefined(let missing): throw fail(missing.sentence)
    default: return .undefined(.init(owner: value.kind, name: "slice"))
    }
  }
}

/// `[start:stop:step]`, as Python reads it.
struct TemplateSlice {
  let start: Int?
  let stop: Int?
  let step: Int

  func indices(of count: Int) -> [Int] {
    func clamped(_ bound: Int?, _ fallback: Int) -> Int {
      guard let bound else { return fallback }
      let position = bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound
      return step > 0 ? min(max(position, 0), count) : min(max(position, -1), count - 1)
    }
    let first = clamped(start, step > 0 ? 0 : count - 1)
    let end = clamped(stop, step > 0 ? count : -1)
    // A step beyond the ends is as good as any larger one, which might overflow.
    return Array(stride(from: first, to: end, by: min(max(step, -count - 1), count + 1)))
  }
}
