/// A language over bytes, as nodes that refer to each other by number.
struct Grammar: Sendable {
  typealias NodeID = Int32

  enum Node: Sendable, Equatable {
    case bytes(ByteSet)
    case literal([UInt8])
    case sequence([NodeID])
    case choice([NodeID])
    /// `limit` is nil for any number.
    case repetition(NodeID, minimum: Int32, limit: Int32?)
    /// Any bytes up to the first time that these come, these included.
    case search([UInt8], Search)
    /// A rule, which may refer to itself.
    case rule(Int)
    /// The end of a rule, on the stack: it counts how deep rules stand in each other.
    case leave
  }

  struct Search: Sendable, Equatable {
    /// Whether they count at the beginning only: after any other beginning, the rest is free.
    var isAnchored = false
    /// Whether the whole text may end before they come.
    var mayEnd = false
  }

  private(set) var nodes: [Node] = [.leave, .sequence([])]
  /// The node of each rule; nil while it is being compiled.
  var rules: [NodeID?] = []
  /// How many rules must stand in each other, at least, for one of them to end.
  private(set) var minimumDepths: [Int] = []
  /// The same for each node: what of it must be matched, at least, goes so deep.
  private(set) var nodeDepths: [Int] = []
  var root: NodeID = 1

  static let leave: NodeID = 0
  /// Matches nothing but the empty text.
  static let empty: NodeID = 1

  mutating func add(_ node: Node) -> NodeID {
    nodes.append(node)
    return NodeID(truncatingIfNeeded: nodes.count - 1)
  }

  mutating func bytes(_ set: ByteSet) -> NodeID { add(.bytes(set)) }
  mutating func text(_ text: String) -> NodeID { literal(Array(text.utf8)) }
  mutating func literal(_ bytes: [UInt8]) -> NodeID { bytes.isEmpty ? Self.empty : add(.literal(bytes)) }
  mutating func sequence(_ items: [NodeID]) -> NodeID { items.count == 1 ? items[0] : add(.sequence(items)) }
  mutating func choice(_ items: [NodeID]) -> NodeID { items.count == 1 ? items[0] : add(.choice(items)) }
  mutating func optional(_ item: NodeID) -> NodeID { add(.repetition(item, minimum: 0, limit: 1)) }
  mutating func any(_ item: NodeID) -> NodeID { add(.repetition(item, minimum: 0, limit: nil)) }

  /// Works out how deep each rule must go, and tells which rules can never end.
  ///
  /// - Returns: The rules that every way through leads into again.
  mutating func settleDepths() -> [Int] {
    let unknown = Int.max
    minimumDepths = .init(repeating: unknown, count: rules.count)
    var changed = true
    while changed {
      changed = false
      // Nodes refer to earlier ones, but through rules, so one pass in order settles all that is known.
      nodeDepths = .init(repeating: unknown, count: nodes.count)
      for (index, node) in nodes.enumerated() { nodeDepths[index] = depth(of: node, nodeDepths) }
      for (rule, node) in rules.enumerated() {
        guard let node, nodeDepths[Int(node)] != unknown else { continue }
        let depth = nodeDepths[Int(node)] + 1
        if depth < minimumDepths[rule] {
          minimumDepths[rule] = depth
          changed = true
        }
      }
    }
    return minimumDepths.indices.filter { minimumDepths[$0] == unknown }
  }

  private func depth(of node: Node, _ depths: [Int]) -> Int {
    switch node {
    case .bytes, .literal, .search, .leave: 0
    case .sequence(let items): items.reduce(0) { max($0, depths[Int($1)]) }
    case .choice(let items): items.reduce(Int.max) { min($0, depths[Int($1)]) }
    case .repetition(let item, let minimum, _): minimum == 0 ? 0 : depths[Int(item)]
    case .rule(let rule): minimumDepths[rule]
    }
  }

  /// A rule that leads into itself without a byte between, which no automaton can follow; nil if there is none.
  ///
  /// - Complexity: O(nodes and their items).
  func emptyCycle() -> Int? {
    let nullable = nullableNodes()
    enum Colour { case new, open, done }
    var colours = [Colour](repeating: .new, count: nodes.count)
    // The way down: a node, and which of its followers come next.
    var way: [(node: NodeID, followers: ArraySlice<NodeID>)] = []
    for root in rules.compactMap({ $0 }) where colours[Int(root)] == .new {
      colours[Int(root)] = .open
      way.append((root, followers(of: root, nullable)[...]))
      while let last = way.last {
        guard let next = last.followers.first else {
          colours[Int(last.node)] = .done
          way.removeLast()
          continue
        }
        way[way.count - 1].followers.removeFirst()
        switch colours[Int(next)] {
        case .done: break
        case .open:
          let cycle = way[(way.firstIndex { $0.node == next } ?? 0)...]
          for case .rule(let rule) in cycle.map({ nodes[Int($0.node)] }) { return rule }
        case .new:
          colours[Int(next)] = .open
          way.append((next, followers(of: next, nullable)[...]))
        }
      }
    }
    return nil
  }

  /// What may be matched next within a node, before any byte.
  private func followers(of node: NodeID, _ nullable: [Bool]) -> [NodeID] {
    switch nodes[Int(node)] {
    case .bytes, .literal, .search, .leave: return []
    case .sequence(let items):
      let count = items.prefix { nullable[Int($0)] }.count
      return Array(items.prefix(count + 1))
    case .choice(let items): return items
    case .repetition(let item, _, _): return [item]
    case .rule(let rule): return rules[rule].map { [$0] } ?? []
    }
  }

  /// Which nodes match the empty text.
  private func nullableNodes() -> [Bool] {
    var nullable = [Bool](repeating: false, count: nodes.count)
    var changed = true
    while changed {
      changed = false
      for (index, node) in nodes.enumerated() where !nullable[index] {
        let isNullable: Bool
        switch node {
        case .bytes, .literal, .search: isNullable = false
        case .leave: isNullable = true
        case .sequence(let items): isNullable = items.allSatisfy { nullable[Int($0)] }
        case .choice(let items): isNullable = items.contains { nullable[Int($0)] }
        case .repetition(let item, let minimum, _): isNullable = minimum == 0 || nullable[Int(item)]
        case .rule(let rule): isNullable = rules[rule].map { nullable[Int($0)] } ?? false
        }
        if isNullable {
          nullable[index] = true
          changed = true
        }
      }
    }
    return nullable
  }
}
