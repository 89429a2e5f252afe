internal import SpudErrors
package import SpudTensors

/// A text with JSON in it: what a call of a function looks like.
package indirect enum TextShape: Sendable, Equatable {
  case literal(String)
  /// JSON that a schema describes.
  case json(JSONValue)
  /// Any text without this byte, which has to be ASCII.
  case text(without: UInt8)
  case sequence([TextShape])
  case choice([TextShape])
  case optional(TextShape)
  case anyObject
  /// Any text up to the first time that a literal comes, this included.
  case until(String)
  /// Free text, and wherever it holds `marker` a call, of which `call` is the rest; where `isAtStart`, only a text that
  /// begins with `marker` is one, and nothing follows it.
  case calls(marker: String, call: TextShape, isAtStart: Bool)
}

extension TokenConstraint {
  /// A constraint to a text of a shape.
  ///
  /// - Throws: `SpudError.badData` for a schema in it that is not supported, too large, or without end.
  package convenience init(shape: TextShape, trie: TokenTrie) throws {
    var grammar = Grammar()
    grammar.root = try grammar.add(shape)
    _ = grammar.settleDepths()
    self.init(grammar, trie: trie)
  }
}

extension Grammar {
  fileprivate mutating func add(_ shape: TextShape) throws -> NodeID {
    switch shape {
    case .literal(let text): return self.text(text)
    case .json(let schema): return absorb(try SchemaCompiler.compile(schema))
    case .anyObject: return absorb(SchemaCompiler.anyObject())
    case .text(let byte): return any(character(without: byte))
    case .optional(let item): return optional(try add(item))
    case .sequence(let items):
      var nodes: [NodeID] = []
      for item in items { nodes.append(try add(item)) }
      return sequence(nodes)
    case .until(let text): return self.add(.search(Array(text.utf8), Search()))
    case .calls(let marker, let call, let isAtStart):
      let search = self.add(.search(Array(marker.utf8), Search(isAnchored: isAtStart, mayEnd: true)))
      let call = sequence([search, try add(call)])
      return isAtStart ? optional(call) : any(call)
    case .choice(let items):
      var nodes: [NodeID] = []
      for item in items { nodes.append(try add(item)) }
      return choice(nodes)
    }
  }

  /// Takes in another grammar, its rules included.
  ///
  /// - Returns: The other one's root.
  private mutating func absorb(_ other: Grammar) -> NodeID {
    // The first two nodes are the same in every grammar.
    let (firstNode, firstRule) = (NodeID(nodes.count) - 2, rules.count)
    func moved(_ node: NodeID) -> NodeID { node < 2 ? node : node + firstNode }
    for node in other.nodes.dropFirst(2) {
      switch node {
      case .bytes, .literal, .search, .leave: _ = add(node)
      case .sequence(let items): _ = add(.sequence(items.map(moved)))
      case .choice(let items): _ = add(.choice(items.map(moved)))
      case .repetition(let item, let minimum, let limit):
        _ = add(.repetition(moved(item), minimum: minimum, limit: limit))
      case .rule(let rule): _ = add(.rule(rule + firstRule))
      }
    }
    rules += other.rules.map { $0.map(moved) }
    return moved(other.root)
  }
}
