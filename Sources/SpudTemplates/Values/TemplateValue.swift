/// A value while a template runs: the part of Python's data model that chat templates use.
///
/// Lists, tuples and dictionaries never change once made, as the sandbox that templates run in elsewhere has it.
enum TemplateValue {
  /// What is not there. It prints as nothing and is false, but has no attributes.
  case undefined(TemplateMissing)
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer of a request that 64 bits do not hold, as it is spelled; it can be printed, not computed with.
  case largeInteger(String)
  case float(Double)
  case text(TemplateText)
  case list(TemplateList)
  case dictionary(TemplateDictionary)
  case iterator(TemplateIterator)
  case namespace(TemplateNamespace)
  case macro(TemplateMacro)
  case loop(TemplateLoopState)
  case function(TemplateFunction)
  case method(TemplateMethod)

  static var missing: TemplateValue { .undefined(.init(owner: nil, name: "")) }

  static func text(_ string: String, origin: TemplateText.Origin = .template) -> Self {
    .text(TemplateText(string, origin: origin))
  }

  static func list(_ items: [TemplateValue]) -> Self { .list(TemplateList(items)) }
}

/// Why a value is undefined.
struct TemplateMissing {
  /// The kind of value that lacks the attribute; nil for a variable.
  let owner: String?
  let name: String

  var sentence: String {
    if let owner { return "\(owner) has no '\(name.prefix(80))'" }
    return name.isEmpty ? "a value is undefined" : "'\(name.prefix(80))' is undefined"
  }
}

/// A list or a tuple.
struct TemplateList {
  let items: [TemplateValue]
  let isTuple: Bool
  /// How deep lists and dictionaries stand in each other, this one included.
  let depth: Int

  init(_ items: [TemplateValue], isTuple: Bool = false) {
    self.items = items
    self.isTuple = isTuple
    depth = 1 + items.lazy.map(\.depth).reduce(0, max)
  }
}

/// What a filter such as `map` gives: it can be walked once, and has no length.
final class TemplateIterator {
  private var items: ArraySlice<TemplateValue>
  let depth: Int

  init(_ items: [TemplateValue]) {
    self.items = items[...]
    depth = 1 + items.lazy.map(\.depth).reduce(0, max)
  }

  func next() -> TemplateValue? { items.popFirst() }

  func rest() -> [TemplateValue] {
    defer { items = [] }
    return Array(items)
  }
}

/// The one value that a template may change: `{% set ns.count = 1 %}`.
final class TemplateNamespace {
  var attributes: [String: TemplateValue]

  init(_ attributes: [String: TemplateValue]) { self.attributes = attributes }
}

final class TemplateMacro {
  let definition: TemplateMacroDefinition
  /// Where the macro is defined, which is where it looks names up.
  let scope: TemplateScope

  init(_ definition: TemplateMacroDefinition, scope: TemplateScope) {
    self.definition = definition
    self.scope = scope
  }
}

/// `loop`, within a loop.
final class TemplateLoopState {
  let items: [TemplateValue]
  var index = 0
  /// What `loop.changed` was last called with.
  var lastChecked: [TemplateValue]?

  init(_ items: [TemplateValue]) { self.items = items }
}

/// The functions that every template has.
enum TemplateFunction: String, CaseIterable {
  case range, dict, namespace
  case raiseException = "raise_exception"
  case formattedTime = "strftime_now"
}

/// A method together with what it is called on.
final class TemplateMethod {
  let receiver: TemplateValue
  let name: String

  init(_ receiver: TemplateValue, _ name: String) {
    self.receiver = receiver
    self.name = name
  }
}

/// Variables, those of an inner scope before those of an outer.
final class TemplateScope {
  private var names: [Int] = []
  private var values: [TemplateValue] = []
  let parent: TemplateScope?

  init(parent: TemplateScope?) { self.parent = parent }

  func value(of name: Int) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let current = scope {
      if let index = current.names.firstIndex(of: name) { return current.values[index] }
      scope = current.parent
    }
    return nil
  }

  func set(_ name: Int, to value: TemplateValue) {
    if let index = names.firstIndex(of: name) {
      values[index] = value
    } else {
      names.append(name)
      values.append(value)
    }
  }

  func removeAll() {
    names = []
    values = []
  }
}
