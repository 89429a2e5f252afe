extension TemplateEvaluator {
  /// Filters of lists and dictionaries.
  func filterElements(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue? {
    switch call.name {
    case "length", "count":
      guard let length = length(of: value) else { throw fail("\(value.kind) has no length") }
      if case .text(let text) = value { try charge(text.utf8.count) }
      return .integer(length)
    case "first": return try first(of: value)
    case "last":
      if case .text(let text) = value { return text.scalar(atIndex: -1).map { .text($0) } ?? .missing }
      if case .iterator = value { throw fail("an iterator has no last element: make a list of it first") }
      return try elements(of: value).last ?? .missing
    case "list": return .list(try elements(of: value))
    case "join": return .text(try join(value, call))
    case "items":
      if value.isUndefined { return .iterator(TemplateIterator([])) }
      guard case .dictionary(let dictionary) = value else { throw fail("'items' of \(value.kind)") }
      try step(dictionary.count)
      return .iterator(TemplateIterator(dictionary.items))
    case "map": return .iterator(TemplateIterator(try map(value, call)))
    case "select", "reject": return .iterator(TemplateIterator(try select(value, call, byAttribute: false)))
    case "selectattr", "rejectattr": return .iterator(TemplateIterator(try select(value, call, byAttribute: true)))
    case "reverse":
      if case .text(let text) = value { return .text(text.reversed) }
      return .iterator(TemplateIterator(try elements(of: value).reversed()))
    case "sort", "unique", "min", "max", "sum", "dictsort", "groupby": return try ordered(value, call)
    case "batch", "slice": return try grouped(value, call)
    default: return nil
    }
  }

  private func first(of value: TemplateValue) throws -> TemplateValue {
    switch value {
    case .text(let text): text.scalar(atIndex: 0).map { .text($0) } ?? .missing
    case .list(let list): list.items.first ?? .missing
    case .iterator(let iterator): iterator.next() ?? .missing
    default: try elements(of: value).first ?? .missing
    }
  }

  private func join(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateText {
    let arguments = try call.arguments("d", "attribute", for: self)
    let separator = try arguments[0].map { try printed($0) } ?? TemplateText()
    var result = TemplateText(), isFirst = true
    for element in try elements(of: value) {
      let part = try arguments[1].map { try member($0, of: element) } ?? element
      let text = try printed(part)
      try check(length: result.utf8.count + separator.utf8.count + text.utf8.count)
      if !isFirst { result.append(separator) }
      isFirst = false
      result.append(text)
    }
    return try charged(result)
  }

  /// The member that a filter's `attribute` names: `"a.b"`, or an index.
  ///
  /// - Parameter fallback: Stands for what is missing, at each step.
  func member(
    _ path: TemplateValue, of value: TemplateValue, fallback: TemplateValue? = nil
  ) throws -> TemplateValue {
    let parts = path.text?.split(by: TemplateText(".", origin: .template))
    var value = value
    for part in parts?.map({ TemplateValue.text($0) }) ?? [path] {
      let digits = part.text?.string ?? ""
      let isIndex = !digits.isEmpty && digits.utf8.allSatisfy { 0x30...0x39 ~= $0 }
      value = try element(isIndex ? Int(digits).map { .integer($0) } ?? part : part, of: value)
      if value.isUndefined, let fallback { value = fallback }
    }
    return value
  }

  /// Of what is false, `none` included, this and `select` give nothing.
  private func map(_ value: TemplateValue, _ call: TemplateCall) throws -> [TemplateValue] {
    guard value.isTrue else { return [] }
    if call.positional.isEmpty {
      guard let attribute = call.named.first(where: { $0.name == "attribute" })?.value else {
        throw fail("'map' has neither a filter nor an attribute")
      }
      let fallback = call.named.first { $0.name == "default" }?.value
      return try elements(of: value).map { try member(attribute, of: $0, fallback: fallback) }
    }
    guard let name = call.positional[0].text?.string else { throw fail("'map' is called with no filter's name") }
    let inner = TemplateCall(name: name, positional: Array(call.positional.dropFirst()), named: call.named)
    return try elements(of: value).map { item in try deeper { try filter(item, inner) } }
  }

  private func select(_ value: TemplateValue, _ call: TemplateCall, byAttribute: Bool) throws -> [TemplateValue] {
    var arguments = call.positional
    var attribute: TemplateValue?
    if byAttribute {
      guard !arguments.isEmpty else { throw fail("'\(call.name)' has no attribute") }
      attribute = arguments.removeFirst()
    }
    guard value.isTrue else { return [] }
    let test = arguments.isEmpty ? nil : arguments.removeFirst().text?.string
    let inner = TemplateCall(name: test ?? "", positional: arguments, named: call.named)
    let keeps = call.name.hasPrefix("select")
    return try elements(of: value).filter { item in
      let tested = try attribute.map { try member($0, of: item) } ?? item
      return try (test.map { try self.test($0, on: tested, inner) } ?? tested.isTrue) == keeps
    }
  }

  private func ordered(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
    switch call.name {
    case "sort":
      let arguments = try call.arguments("reverse", "case_sensitive", "attribute", for: self)
      let key = try key(arguments[2], isCaseSensitive: arguments[1]?.isTrue ?? false)
      let items = try elements(of: value)
      guard arguments[0]?.isTrue == true else { return .list(try sorted(items, by: key)) }
      // Reversed twice, so that what is equal stays in its order.
      return .list(try sorted(items.reversed(), by: key).reversed())
    case "dictsort":
      let arguments = try call.arguments("case_sensitive", "by", "reverse", for: self)
      guard case .dictionary(let dictionary) = value else { throw fail("'dictsort' of \(value.kind)") }
      let byValue = arguments[1]?.text?.string == "value"
      let key = try key(.integer(byValue ? 1 : 0), isCaseSensitive: arguments[0]?.isTrue ?? false)
      guard arguments[2]?.isTrue == true else { return .list(try sorted(dictionary.items, by: key)) }
      return .list(try sorted(dictionary.items.reversed(), by: key).reversed())
    case "unique":
      let arguments = try call.arguments("case_sensitive", "attribute", for: self)
      let key = try key(arguments[1], isCaseSensitive: arguments[0]?.isTrue ?? false)
      var seen: Set<TemplateDictionary.Key> = []
      return .iterator(
        TemplateIterator(
          try elements(of: value).filter { item in
            let value = try key(item)
            guard let key = TemplateDictionary.Key(value) else { throw fail("'unique' of \(value.kind)") }
            return seen.insert(key).inserted
          }))
    case "min", "max":
      let arguments = try call.arguments("case_sensitive", "attribute", for: self)
      let key = try key(arguments[1], isCaseSensitive: arguments[0]?.isTrue ?? false)
      let items = try elements(of: value)
      guard var best = items.first else { return .missing }
      for item in items.dropFirst() {
        let isBetter = call.name == "min" ? try precedes(key(item), key(best)) : try precedes(key(best), key(item))
        if isBetter { best = item }
      }
      return best
    case "sum":
      let arguments = try call.arguments("attribute", "start", for: self)
      let key = try key(arguments[0], isCaseSensitive: true)
      return try elements(of: value).reduce(arguments[1] ?? .integer(0)) { try compute($0, .add, key($1)) }
    default: return try groups(value, call)
    }
  }

  private func groups(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
    let arguments = try call.arguments("attribute", "default", "case_sensitive", for: self)
    guard let attribute = arguments[0] else { throw fail("'groupby' has no attribute") }
    let key = try key(attribute, isCaseSensitive: arguments[2]?.isTrue ?? false)
    var groups: [(key: TemplateValue, items: [TemplateValue])] = []
    for item in try sorted(try elements(of: value), by: key) {
      if let last = groups.last, try equal(try key(last.items[0]), try key(item)) {
        groups[groups.count - 1].items.append(item)
      } else {
        groups.append((try member(attribute, of: item), [item]))
      }
    }
    return .list(groups.map { .list(TemplateList([$0.key, .list($0.items)], isTuple: true)) })
  }

  /// What elements are ordered by: a member of theirs, in lower case unless case counts.
  private func key(
    _ attribute: TemplateValue?, isCaseSensitive: Bool
  ) throws -> (TemplateValue) throws -> TemplateValue {
    { item in
      var attribute = attribute
      if case .some(.none) = attribute { attribute = nil }
      let value = try attribute.map { try self.member($0, of: item) } ?? item
      if !isCaseSensitive, case .text(let text) = value { return .text(try self.charged(text.lowercased)) }
      return value
    }
  }

  private func grouped(_ value: TemplateValue, _ call: TemplateCall) throws -> TemplateValue {
    let isBatch = call.name == "batch"
    let arguments = try call.arguments(isBatch ? "linecount" : "slices", "fill_with", for: self)
    guard let count = arguments[0]?.integer, count > 0, count <= 100_000 else {
      throw fail("'\(call.name)' takes a count above 0")
    }
    let items = try elements(of: value)
    try step(count)
    var groups: [TemplateValue] = []
    if isBatch {
      for start in stride(from: 0, to: items.count, by: count) {
        var group = Array(items[start..<min(start + count, items.count)])
        if let fill = arguments[1] { group += .init(repeating: fill, count: count - group.count) }
        groups.append(.list(group))
      }
    } else {
      let (length, longer) = items.count.quotientAndRemainder(dividingBy: count)
      var start = 0
      for index in 0..<count {
        let end = start + length + (index < longer ? 1 : 0)
        let fill = index >= longer ? arguments[1] : nil
        groups.append(.list(Array(items[start..<end]) + (fill.map { [$0] } ?? [])))
        start = end
      }
    }
    return .iterator(TemplateIterator(groups))
  }
}

extension TemplateText {
  /// The scalars in the opposite order.
  fileprivate var reversed: TemplateText {
    var result = TemplateText()
    for placed in scalars.reversed() { result.append(self, placed.range) }
    return result
  }
}
