#if Server
internal import SpudErrors
internal import SpudInference
internal import SpudMemory
internal import SpudProtocol
internal import Synchronization

/// A model that is served under a name: loading, ready, or failed.
final class ServedModel: Sendable {
  enum State: Sendable {
    case loading(Double)
    case ready(Model)
    case failed(SpudError)
  }

  let name: String
  let path: String
  /// Seconds since 1970 when this server began to serve it.
  let created: Int
  let gate: Gate
  private let state = Mutex(State.loading(0))
  private let said = Mutex(Set<String>())

  init(name: String, path: String, created: Int, gate: Gate) {
    (self.name, self.path, self.created, self.gate) = (name, path, created, gate)
  }

  var current: State { state.withLock { $0 } }

  /// The model.
  ///
  /// - Throws: `APIError` (503) while it loads.
  var model: Model {
    get throws {
      switch current {
      case .ready(let model): return model
      case .loading(let fraction):
        throw APIError(
          503, "the model '\(name)' is loading (\(Int(fraction * 100)) %)", code: "model_loading", retryAfter: 2)
      case .failed(let error): throw APIError(503, "the model '\(name)' could not be loaded: \(error.message)")
      }
    }
  }

  /// Says something of this model on standard error, the first time.
  func sayOnce(_ sentence: String) {
    if said.withLock({ $0.insert(sentence).inserted }) { AccessLog.say("spud: \(name): \(sentence)") }
  }

  /// - Parameter memory: Where what it reads and answers is sealed, for the tenants of requests.
  func load(_ options: LoadOptions, memory: SealedStore?) async throws {
    var options = options
    options.onProgress = { [weak self] fraction in
      self?.state.withLock { state in if case .loading = state { state = .loading(fraction) } }
    }
    do {
      let model = try await Model.load(path, options: options)
      try await memory?.attach(to: model, keepsAnswers: true)
      state.withLock { $0 = .ready(model) }
    } catch {
      let error = error as? SpudError ?? SpudError(.internal, "\(path): \(error)")
      state.withLock { $0 = .failed(error) }
      throw error
    }
  }
}
#endif
