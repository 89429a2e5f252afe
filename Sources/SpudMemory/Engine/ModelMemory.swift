package import SpudInference

/// A store as one model's conversations use it.
///
///     let store = try SealedStore(directory, key: key, settings: settings)
///     let memory = try await store.attach(to: model)
///     let session = try memory.session(named: "letters", of: model)
///     …
///     try await memory.save(session, named: "letters", of: model)
///     if let failure = await model.flushMemory() { … }
package struct ModelMemory: Sendable {
  package let store: SealedStore
  /// Stands for the model's weights, configuration and tokenizer.
  let modelIdentity: [UInt8]
  package let pages: StorePages

  /// Reads the model's files for its fingerprint, unless that is known of files as old and as large.
  ///
  /// - Throws: `SpudError` (`io`) when a file cannot be read.
  package init(_ store: SealedStore, model: Model) throws {
    self.store = store
    modelIdentity = try ModelFingerprint.identity(of: model, knownIn: store.settings.stateDirectory)
    var writer = ByteWriter()
    writer.put(raw: modelIdentity)
    writer.put(model.cacheLayout)
    pages = StorePages(store, fingerprint: try Digest(of: writer.bytes).bytes, shape: model.cacheShape)
  }
}

extension SealedStore {
  /// Has a model keep what it reads and writes here, and find it again. A tenant of `Model.submit(_:tenant:)` finds
  /// only what was read for the same tenant.
  ///
  /// - Parameter keepsAnswers: Whether answers are found again by their words, too: for conversations that others keep.
  /// - Throws: `SpudError` (`io`) when a file of the model cannot be read.
  @discardableResult
  package func attach(to model: Model, keepsAnswers: Bool = false) async throws -> ModelMemory {
    let memory = try ModelMemory(self, model: model)
    try await model.attach(memory.pages, keepsAnswers: keepsAnswers)
    return memory
  }
}
