/// One question late in a conversation, asked of a model that remembers it, or that has to read it again.
package struct MemoryRecord: Codable, Sendable, Equatable {
  /// How the model came by the conversation.
  package enum Way: String, Codable, Sendable, CaseIterable {
    /// From a sealed store, as a new process opens it.
    case resumed
    /// It read the whole conversation again.
    case reread
  }

  package var system: String
  /// Which conversation.
  package var conversation: Int
  /// Which session of it, counted from 1.
  package var visit: Int
  package var way: Way
  /// Tokens of the conversation up to the answer, and those of them that were computed.
  package var tokens: Int
  package var computed: Int
  /// Seconds until the first token of the answer, opening the store included, and until its last.
  package var firstToken: Double
  package var total: Double
  /// Whether both ways wrote the same ids.
  package var isSame: Bool

  package var key: String { "memory/\(system)/\(conversation)/\(visit)/\(way.rawValue)" }
}
