internal import SpudErrors
package import SpudTensors
internal import Synchronization

/// Which tokens may follow, so that a text comes out as a JSON Schema asks.
///
/// Knows a vocabulary only as byte strings, and no model. States and masks are made when they are first needed and
/// kept; many answers may share one constraint.
package final class TokenConstraint: Sendable {
  /// Where in its text an answer is.
  package typealias State = Int32

  /// Masks are forgotten, all at once, when there are so many.
  private static let maskLimit = 512

  private struct Storage {
    var automaton: Automaton
    var masks: [State: TokenMask] = [:]
    /// The state after the bytes of a node's path, by depth.
    var path: [State]
  }

  private let trie: TokenTrie
  private let storage: Mutex<Storage>

  /// A constraint to what a schema describes.
  ///
  /// - Parameters:
  ///   - schema: JSON Schema, as far as structured outputs go; members come in the order of `properties`.
  /// - Throws: `SpudError.badData`, naming the path of what is not supported, too large, or without end.
  package convenience init(schema: JSONValue, trie: TokenTrie) throws {
    let size = schema.serialized.count
    guard size <= SchemaCompiler.byteLimit else {
      throw SpudError(.badData, "a JSON schema of \(size) bytes, but the limit is \(SchemaCompiler.byteLimit)")
    }
    self.init(try SchemaCompiler.compile(schema), trie: trie)
  }

  /// A constraint to any JSON object.
  package static func anyObject(trie: TokenTrie) -> TokenConstraint {
    TokenConstraint(SchemaCompiler.anyObject(), trie: trie)
  }

  init(_ grammar: Grammar, trie: TokenTrie) {
    self.trie = trie
    storage = Mutex(Storage(automaton: Automaton(grammar), path: .init(repeating: 0, count: trie.longest + 1)))
  }

  package var start: State { 0 }

  /// How many states were met so far: what its memory grows with. An owner that keeps constraints lets go of large
  /// ones.
  package var stateCount: Int { storage.withLock { $0.automaton.stateCount } }

  /// The tokens that may follow. None may once the text is complete and nothing can be added to it.
  ///
  /// - Complexity: O(nodes of the tree that are reached) for a new state, O(1) for one that was seen.
  package func mask(after state: State) -> TokenMask {
    storage.withLock { storage in
      if let known = storage.masks[state] { return known }
      let mask = Self.makeMask(after: state, trie, &storage)
      if storage.masks.count >= Self.maskLimit { storage.masks = [:] }
      storage.masks[state] = mask
      return mask
    }
  }

  /// Whether the answer may end here.
  package func mayEnd(after state: State) -> Bool { storage.withLock { $0.automaton.mayEnd(state) } }

  /// Whether anything may follow.
  package func mayContinue(after state: State) -> Bool { storage.withLock { $0.automaton.mayContinue(state) } }

  /// The state after a token; nil if it may not stand here.
  package func advance(_ state: State, by token: Int32) -> State? {
    guard trie.spellings.indices.contains(Int(token)), !trie.spellings[Int(token)].isEmpty else { return nil }
    return advance(state, by: trie.spellings[Int(token)])
  }

  /// The state after some bytes; nil if they may not stand here.
  package func advance(_ state: State, by bytes: some Sequence<UInt8>) -> State? {
    storage.withLock { storage in
      var state = state
      for byte in bytes {
        guard let next = storage.automaton.step(state, byte) else { return nil }
        state = next
      }
      return state
    }
  }

  private static func makeMask(after state: State, _ trie: TokenTrie, _ storage: inout Storage) -> TokenMask {
    var mask = TokenMask(count: trie.tokenCount)
    storage.path[0] = state
    var node = 0
    while node < trie.bytes.count {
      let depth = Int(trie.depths[node])
      guard let next = storage.automaton.step(storage.path[depth - 1], trie.bytes[node]) else {
        node = Int(trie.ends[node])
        continue
      }
      storage.path[depth] = next
      for index in trie.firstToken[node]..<trie.firstToken[node + 1] { mask.insert(trie.tokens[Int(index)]) }
      node += 1
    }
    return mask
  }
}
