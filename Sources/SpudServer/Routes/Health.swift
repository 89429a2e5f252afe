#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors

/// `GET /health`: whether requests would be answered.
enum Health {
  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    if server.lifecycle.isDraining { throw APIError(503, "the server is shutting down", code: "shutting_down") }
    for served in server.registry.models {
      switch served.current {
      case .ready(let model):
        let state = model.engineState
        if let silence = silence(of: state) {
          throw APIError(503, "the engine of '\(served.name)' has done nothing for \(silence) s", code: "engine_stuck")
        }
      case .loading, .failed: _ = try served.model
      }
    }
    return .json(.members(["status": .string("ok")]))
  }

  /// The seconds for which an engine that has something to do did nothing; nil where all is well.
  private static func silence(of state: EngineState) -> Int? {
    let seconds = Int(state.lastStep.duration(to: .now).components.seconds)
    return state.active > 0 && seconds >= longestStep ? seconds : nil
  }

  /// Seconds that a step of an engine may take: one layer of a long prompt, or one id of each answer.
  private static let longestStep = 30

  /// `GET /metrics`.
  static func metrics(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    .text(server.metricsText, type: "text/plain; version=0.0.4; charset=utf-8")
  }
}
#endif
