extension TemplateEvaluator {
  /// Whether a value of this kind has a method of that name in Python, whether or not a template may call it: such a
  /// name hides a dictionary's key.
  func hasMethod(_ name: String, _ value: TemplateValue) -> Bool {
    switch value {
    case .text: Self.textMethods.contains(name)
    case .dictionary: Self.dictionaryMethods.contains(name)
    case .list(let list): name == "index" || name == "count" || (!list.isTuple && Self.listMethods.contains(name))
    default: false
    }
  }

  private static let dictionaryMethods: Set = [
    "clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values",
  ]
  private static let listMethods: Set = [
    "append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort",
  ]
  private static let textMethods: Set = [
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "format", "format_map",
    "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
    "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans", "partition",
    "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill",
  ]

  func call(_ method: TemplateMethod, _ call: TemplateCall) throws -> TemplateValue {
    switch method.receiver {
    case .text(let text): return try checked(try self.call(text, call))
    case .dictionary(let dictionary): return try self.call(dictionary, call)
    case .list(let list): return try self.call(list, call)
    case .loop(let loop): return try self.call(loop, call)
    default: throw fail("\(method.receiver.kind) has no method '\(method.name)'")
    }
  }

  private func call(_ dictionary: TemplateDictionary, _ call: TemplateCall) throws -> TemplateValue {
    switch call.name {
    case "get":
      let arguments = try call.arguments("key", "default", for: self)
      guard let name = arguments[0], let key = TemplateDictionary.Key(name) else {
        throw fail("'get' is called without a key")
      }
      return dictionary[key] ?? arguments[1] ?? .none
    case "items":
      try step(dictionary.count)
      return .list(dictionary.items)
    case "keys":
      try step(dictionary.count)
      return .list(dictionary.keys)
    case "values":
      try step(dictionary.count)
      return .list(dictionary.values)
    case "copy": return .dictionary(dictionary)
    default: throw fail("'\(call.name)' would change a dictionary, which a template may not")
    }
  }

  private func call(_ list: TemplateList, _ call: TemplateCall) throws -> TemplateValue {
    switch call.name {
    case "index", "count":
      guard let item = call.positional.first else { throw fail("'\(call.name)' is called without an argument") }
      if call.name == "count" { return .integer(try list.items.count { try equal($0, item) }) }
      guard let index = try list.items.firstIndex(where: { try equal($0, item) }) else {
        throw fail("'index' of what is not in the list")
      }
      return .integer(index)
    case "copy": return .list(list)
    default: throw fail("'\(call.name)' would change a list, which a template may not")
    }
  }

  private func call(_ loop: TemplateLoopState, _ call: TemplateCall) throws -> TemplateValue {
    if call.name == "cycle" {
      guard !call.positional.isEmpty else { throw fail("'loop.cycle' is called without arguments") }
      return call.positional[loop.index % call.positional.count]
    }
    let values = call.positional
    let isSame = try loop.lastChecked.map { last in
      try last.count == values.count && zip(last, values).allSatisfy { try equal($0, $1) }
    }
    loop.lastChecked = values
    return .bool(isSame != true)
  }
}
