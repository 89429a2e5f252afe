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
        if let silence = model.engineState.silence() {
          let seconds = silence.components.seconds
          throw APIError(503, "the engine of '\(served.name)' has done nothing for \(seconds) s", code: "engine_stuck")
        }
      case .loading, .failed: _ = try served.model
      }
    }
    return .json(.members(["status": .string("ok")]))
  }

  /// `GET /metrics`.
  static func metrics(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    .text(server.metricsText, type: "text/plain; version=0.0.4; charset=utf-8")
  }
}
#endif
