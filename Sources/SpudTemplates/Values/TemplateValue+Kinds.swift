extension TemplateValue {
  /// How deep lists and dictionaries stand in each other within this.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .dictionary(let dictionary): dictionary.depth
    case .iterator(let iterator): iterator.depth
    case .method(let method): method.receiver.depth
    default: 0
    }
  }

  /// Whether a condition holds for this.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .float(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let list): !list.items.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .largeInteger, .iterator, .namespace, .macro, .loop, .function, .method: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// An integer, of which a boolean is one.
  var integer: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  var number: Double? {
    if case .float(let value) = self { return value }
    return integer.map { Double($0) }
  }

  var text: TemplateText? { if case .text(let text) = self { text } else { nil } }

  /// What this is, for a message.
  var kind: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "none"
    case .bool: "a boolean"
    case .integer, .largeInteger: "an integer"
    case .float: "a number"
    case .text: "a string"
    case .list(let list): list.isTuple ? "a tuple" : "a list"
    case .dictionary: "a dictionary"
    case .iterator: "an iterator"
    case .namespace: "a namespace"
    case .macro: "a macro"
    case .loop: "a loop"
    case .function, .method: "a function"
    }
  }
}
