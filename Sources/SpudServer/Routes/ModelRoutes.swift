#if Server
internal import Foundation
internal import SpudInference
internal import SpudModels
internal import SpudProtocol
internal import SpudTensors

/// `GET /v1/models` and `GET /v1/models/{model}`.
enum ModelRoutes {
  static func list(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    .json(
      .members(["object": .string("list"), "data": .array(server.registry.models.map(describe))]))
  }

  static func retrieve(_ server: ServerContext, _ incoming: Incoming) async throws -> Reply {
    let name = String(incoming.path.dropFirst(Route.model.prefix.count))
    guard let served = server.registry.models.first(where: { $0.name == name.removingPercentEncoding ?? name }) else {
      throw APIError(404, "there is no model '\(name.prefix(120))'", parameter: "model", code: "model_not_found")
    }
    return .json(describe(served))
  }

  private static func describe(_ served: ServedModel) -> JSONValue {
    let base = JSONValue.members([
      "id": .string(served.name), "object": .string("model"), "created": .number(served.created),
      "owned_by": .string("spud"),
    ])
    switch served.current {
    case .loading(let fraction):
      return base.adding(["status": .string("loading"), "progress": .number((fraction * 100).rounded() / 100)])
    case .failed: return base.adding(["status": .string("failed")])
    case .ready(let model):
      let modalities: [JSONValue] =
        model.isUnified ? ["text", "image", "audio"].map { .string($0) } : [.string("text")]
      let inputs: [JSONValue] = modalities + (model.isUnified ? [.string("video")] : [])
      return base.adding([
        "status": .string("ready"), "has_domain": .bool(model.domain != nil),
        "architecture": .members(["input_modalities": .array(inputs), "output_modalities": .array(modalities)]),
        "meta": .members([
          "n_layer": .number(model.configuration.layerCount), "n_expert": .number(model.configuration.expertCount),
          "n_vocab": .number(model.configuration.vocabularyCount), "n_ctx_train": .number(model.contextLength),
          "n_params": .number(model.costs.parameters), "size": .number(model.costs.bytes),
        ]),
        "remarks": model.isUnified
          ? .array([
            .string("has no turns of the system: what a system message says goes before the first words of the user")
          ])
          : nil,
      ])
    }
  }
}
#endif
