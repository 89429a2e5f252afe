internal import SpudErrors
internal import SpudInference
internal import SpudMemory
internal import SpudTokens

/// A conversation of the terminal that is kept in a memory, under a name.
struct KeptConversation {
  let session: Session
  /// What was said in it before; a unified model's pictures and sounds as it saw and heard them.
  let turns: [StreamTurn]
  let name: String
  /// How much of it the model goes on from, where that is not all; nil where it is.
  let beginning: String?
  private let memory: ModelMemory
  private let model: Model

  /// - Throws: `SpudError` (`badData`) when it was had with another model, or does not open.
  init(_ name: String, in memory: ModelMemory, of model: Model) async throws {
    session = try memory.session(named: name, of: model)
    let state = await session.state()
    let held = try model.turns(of: state)
    turns = held.turns
    beginning =
      held.readCount < turns.count
      ? "\(turns.count) turns are kept, of which the last \(held.readCount) fit into the context" : nil
    (self.name, self.memory, self.model) = (name, memory, model)
  }

  /// Seals what was said so far; pages follow behind.
  ///
  /// - Returns: Why it is not sealed, in a sentence.
  func save() async throws -> String? {
    do {
      try await memory.save(session, named: name, of: model)
      return nil
    } catch let error as SpudError {
      return error.message
    }
  }
}
