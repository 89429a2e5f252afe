#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTokens

/// `POST /v1/embeddings`.
enum EmbeddingRoute {
  static func answer(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let request = try await server.work { try EmbeddingRequest(incoming.json()) }
    let service = try ModelService(server.registry.find(request.model))
    let model = service.model
    let inputs = request.inputs.map { input in
      switch input {
      case .text(let text): model.embeddingIDs(of: text)
      case .ids(let ids): ids
      }
    }
    let vectors = try await service.served.gate.run {
      var vectors: [[Float]] = []
      for ids in inputs { vectors.append(try await model.embed(ids)) }
      return vectors
    }
    return .json(
      EmbeddingBody.list(
        model: service.served.name, vectors: vectors, isBase64: request.isBase64,
        promptTokens: inputs.reduce(0) { $0 + $1.count }))
  }
}
#endif
