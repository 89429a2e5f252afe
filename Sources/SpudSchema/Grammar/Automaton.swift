/// Runs a grammar over bytes. States are made when they are first reached.
///
/// A state is the set of all stacks of nodes that may still be matched, each down to the next byte that it wants.
/// Stacks share their tails, and both stacks and states are kept once, so that states are equal exactly if their
/// numbers are.
struct Automaton: Sendable {
  typealias StateID = Int32

  /// How deep rules may stand in each other: a schema that refers to itself gives values no deeper than this.
  static let depthLimit = 24
  private struct Frame: Hashable, Sendable {
    let node: Grammar.NodeID
    /// The item of a sequence, the byte of a literal, how often a repetition was matched, or how much of what is
    /// searched for has come.
    let position: Int32
    /// The stack below.
    let next: Int32
  }

  let grammar: Grammar
  private var frames: [Frame] = [Frame(node: Grammar.empty, position: 0, next: 0)]
  private var depths: [Int32] = [0]
  private var frameIDs: [Frame: Int32] = [:]

  /// For each state, the stacks that want a byte; and whether the text may end.
  private var stacks: [[Int32]] = []
  private var accepting: [Bool] = []
  private var stateIDs: [[Int32]: StateID] = [:]
  /// For each state and byte, the state that follows; −1 if none may, −2 if that is not known yet.
  private var transitions: [[StateID]] = []

  let start: StateID = 0

  init(_ grammar: Grammar) {
    self.grammar = grammar
    _ = state(closing: push(grammar.root, below: Self.bottom).map { [$0] } ?? [])
  }

  private static let bottom: Int32 = 0
  /// Marks in a state's key that the text may end.
  private static let end: Int32 = -1

  var stateCount: Int { stacks.count }

  func mayEnd(_ state: StateID) -> Bool { accepting[Int(state)] }

  /// Whether any byte may follow.
  func mayContinue(_ state: StateID) -> Bool { !stacks[Int(state)].isEmpty }

  /// The state after a byte, or nil if it may not stand there.
  mutating func step(_ state: StateID, _ byte: UInt8) -> StateID? {
    let known = transitions[Int(state)].isEmpty ? -2 : transitions[Int(state)][Int(byte)]
    if known != -2 { return known < 0 ? nil : known }
    var following: [Int32] = []
    for stack in stacks[Int(state)] {
      let frame = frames[Int(stack)]
      switch grammar.nodes[Int(frame.node)] {
      case .bytes(let set) where set.contains(byte): following.append(frame.next)
      case .literal(let bytes) where bytes[Int(frame.position)] == byte:
        let isLast = Int(frame.position) + 1 == bytes.count
        following.append(
          isLast ? frame.next : id(Frame(node: frame.node, position: frame.position + 1, next: frame.next)))
      case .search(let bytes, let search):
        let position = Self.found(of: bytes, search, after: Int(frame.position), byte)
        let isWhole = position == bytes.count
        following.append(
          isWhole ? frame.next : id(Frame(node: frame.node, position: Int32(position), next: frame.next)))
      default: break
      }
    }
    let next = following.isEmpty ? -1 : self.state(closing: following)
    if transitions[Int(state)].isEmpty { transitions[Int(state)] = .init(repeating: -2, count: 256) }
    transitions[Int(state)][Int(byte)] = next
    return next < 0 ? nil : next
  }

  /// How much of `bytes` the text ends with, after `position` of them and one byte more; −1 where an anchored search
  /// has failed.
  private static func found(of bytes: [UInt8], _ search: Grammar.Search, after position: Int, _ byte: UInt8) -> Int {
    if position >= 0, bytes[position] == byte { return position + 1 }
    if search.isAnchored { return -1 }
    let end = bytes[..<position] + [byte]
    return (0...position).reversed().first { end.suffix($0).elementsEqual(bytes[..<$0]) } ?? 0
  }

  /// A node on a stack; nil if it could not be matched to its end without rules standing too deep in each other.
  ///
  /// Since this is asked before a node is entered, whatever was begun can be ended.
  private mutating func push(_ node: Grammar.NodeID, below next: Int32) -> Int32? {
    guard grammar.nodeDepths[Int(node)] <= Self.depthLimit - Int(depths[Int(next)]) else { return nil }
    return node == Grammar.empty ? next : id(Frame(node: node, position: 0, next: next))
  }

  private mutating func id(_ frame: Frame) -> Int32 {
    if let known = frameIDs[frame] { return known }
    let new = Int32(truncatingIfNeeded: frames.count)
    frames.append(frame)
    depths.append(depths[Int(frame.next)] + (frame.node == Grammar.leave ? 1 : 0))
    frameIDs[frame] = new
    return new
  }

  /// The state of all that these stacks may come to before the next byte.
  private mutating func state(closing stacks: [Int32]) -> StateID {
    var seen = Set<Int32>(), waiting = stacks, wanting: [Int32] = []
    var mayEnd = false
    while let stack = waiting.popLast() {
      guard seen.insert(stack).inserted else { continue }
      if stack == Self.bottom {
        mayEnd = true
        continue
      }
      let frame = frames[Int(stack)]
      switch grammar.nodes[Int(frame.node)] {
      case .bytes, .literal: wanting.append(stack)
      case .search(_, let search):
        wanting.append(stack)
        if search.mayEnd { mayEnd = true }
      case .leave: waiting.append(frame.next)
      case .choice(let items): waiting += items.compactMap { push($0, below: frame.next) }
      case .sequence(let items):
        let position = Int(frame.position)
        guard position < items.count else {
          waiting.append(frame.next)
          continue
        }
        let isLast = position + 1 == items.count
        let rest = isLast ? frame.next : id(Frame(node: frame.node, position: frame.position + 1, next: frame.next))
        if let item = push(items[position], below: rest) { waiting.append(item) }
      case .repetition(let item, let minimum, let limit):
        if frame.position >= minimum { waiting.append(frame.next) }
        if limit.map({ frame.position < $0 }) ?? true {
          // Beyond the minimum, a repetition without limit need not count.
          let count = limit == nil ? min(frame.position + 1, minimum) : frame.position + 1
          let rest = id(Frame(node: frame.node, position: count, next: frame.next))
          if let item = push(item, below: rest) { waiting.append(item) }
        }
      case .rule(let rule):
        guard let node = grammar.rules[rule] else { continue }
        let end = id(Frame(node: Grammar.leave, position: 0, next: frame.next))
        if let body = push(node, below: end) { waiting.append(body) }
      }
    }
    var key = wanting.sorted()
    if mayEnd { key.append(Self.end) }
    if let known = stateIDs[key] { return known }
    let new = StateID(truncatingIfNeeded: self.stacks.count)
    stateIDs[key] = new
    self.stacks.append(wanting.sorted())
    accepting.append(mayEnd)
    transitions.append([])
    return new
  }
}
