internal import SpudErrors
package import SpudInference

extension ModelMemory {
  /// A conversation that goes on where the one of this name had come to, or begins anew.
  ///
  /// - Throws: `SpudError` (`badData`) when it was had with another model, or does not open.
  package func session(named name: String, of model: Model, tenant: String = "") throws -> Session {
    guard let (record, content) = try store.session(named: name, of: tenant) else {
      return model.makeSession(resuming: SessionState(), scope: scope(of: tenant))
    }
    guard record.modelIdentity == modelIdentity else {
      throw SpudError(
        .badData,
        "session '\(name)' was had with \(record.model), whose files were others than \(model.name)'s now: ids mean "
          + "nothing to this model; name another session, or forget it")
    }
    return model.makeSession(resuming: try SessionState(bytes: content), scope: scope(of: tenant))
  }

  /// Seals what a conversation has come to under its name, when the answers that were asked for are whole. Its pages
  /// follow on their own: see `Model.flushMemory`.
  package func save(_ session: Session, named name: String, of model: Model, tenant: String = "") async throws {
    let state = await session.state()
    try store.save(
      SessionRecord(
        tenant: tenant, name: name, model: model.name, modelIdentity: modelIdentity, tokenCount: state.tokenCount,
        turnCount: state.turns.count, updated: SealedStore.now), content: state.bytes)
  }

  private func scope(of tenant: String) -> CacheScope { tenant.isEmpty ? .shared : .tenant(tenant) }
}
