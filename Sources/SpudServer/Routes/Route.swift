#if Server
/// What answers requests to one path with one method.
struct Route: Sendable {
  typealias Handler = @Sendable (ServerContext, Incoming) async throws -> Reply

  var form = ErrorForm.openAI
  var needsKey = true
  /// Whether it has a model compute: these are limited, and refused while the server ends.
  var computes = true
  let answer: Handler

  /// One model, by the name behind the prefix.
  static let model = (path: "/v1/models/{model}", prefix: "/v1/models/")

  /// By path and method.
  static func all() -> [String: [String: Route]] {
    var routes: [String: [String: Route]] = [:]
    routes["/health"] = ["GET": Route(needsKey: false, computes: false, answer: Health.answer)]
    routes["/metrics"] = ["GET": Route(computes: false, answer: Health.metrics)]
    routes["/v1/models"] = ["GET": Route(computes: false, answer: ModelRoutes.list)]
    routes[model.path] = ["GET": Route(computes: false, answer: ModelRoutes.retrieve)]
    routes["/v1/chat/completions"] = ["POST": Route(answer: ChatRoute.answer)]
    routes["/v1/embeddings"] = ["POST": Route(answer: EmbeddingRoute.answer)]
    routes["/v1/completions"] = ["POST": Route(answer: CompletionRoute.answer)]
    routes["/v1/responses"] = ["POST": Route(form: .responses, answer: ResponseRoute.answer)]
    routes["/v1/messages"] = ["POST": Route(form: .anthropic, answer: MessageRoute.answer)]
    routes["/v1/images/generations"] = ["POST": Route(answer: ImageRoute.answer)]
    routes["/v1/audio/speech"] = ["POST": Route(answer: SoundRoutes.speak)]
    routes["/v1/audio/transcriptions"] = ["POST": Route(answer: SoundRoutes.transcribe)]
    routes["/tokenize"] = ["POST": Route(computes: false, answer: TokenRoutes.tokenize)]
    routes["/detokenize"] = ["POST": Route(computes: false, answer: TokenRoutes.detokenize)]
    for path in Page.files.keys {
      routes[path] = ["GET": Route(needsKey: false, computes: false, answer: Page.answer)]
    }
    return routes
  }
}
#endif
