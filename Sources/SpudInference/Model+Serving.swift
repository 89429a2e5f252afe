internal import SpudErrors
internal import SpudTokens
internal import Synchronization

/// Answers to conversations that others keep.
extension Model {
  /// Begins to answer a whole conversation, beside any others.
  ///
  /// What the model has read for the same tenant, and still holds, is not read again; its own answers are among it,
  /// found again by their text.
  ///
  /// - Parameters:
  ///   - request: The conversation; its last turn is the user's, or a tool's.
  ///   - tenant: Whose conversations it may share beginnings with.
  /// - Returns: The answer's pieces as they come. Iterating throws as with `Session.respond(to:options:)`.
  public func submit(_ request: Request, tenant: String? = nil) -> Response {
    submit(request, count: 1, tenant: tenant)[0]
  }

  /// Begins several answers to one conversation, with seeds that count up. The prompt is read once.
  ///
  /// - Parameters:
  ///   - request: The conversation; its last turn is the user's, or a tool's.
  ///   - count: Answers, at least one.
  ///   - tenant: Whose conversations it may share beginnings with.
  public func submit(_ request: Request, count: Int, tenant: String? = nil) -> [Response] {
    precondition(count >= 1, "at least one answer is asked for")
    let requested = ContinuousClock.now
    let scope = tenant.map { CacheScope.tenant($0) } ?? .shared
    let streams = (0..<count).map { _ in (buffer: PieceBuffer(), interruption: Interruption()) }
    Task { [self] in
      do {
        let prepared = try await preparation.run { [self] in
          var media = CodedMedia()
          return try prepare(request, history: [], earlierTurns: [], cache: &media, scope: scope)
        }
        let company = count > 1 ? PromptCompany() : nil
        await withTaskGroup(of: Void.self) { group in
          for (index, stream) in streams.enumerated() {
            var own = prepared
            own.sampling.seed &+= UInt64(index)
            for remark in prepared.remarks { stream.buffer.put(.remark(remark)) }
            group.addTask { [own] in
              await self.deliver(
                own, request.options, scope: scope, company: company, requested: requested, to: stream.buffer,
                stream.interruption)
            }
          }
        }
      } catch {
        for stream in streams { stream.buffer.finish(throwing: error) }
      }
    }
    return streams.map { Response($0.buffer, interruption: $0.interruption) }
  }

  private func deliver(
    _ prepared: Prepared, _ options: GenerationOptions, scope: CacheScope, company: PromptCompany?,
    requested: ContinuousClock.Instant, to buffer: PieceBuffer, _ interruption: Interruption
  ) async {
    do {
      let outcome = try await generate(
        prepared, options: options, scope: scope, company: company, requested: requested, interruption: interruption,
        deliver: { buffer.put($0) }, readerIsBehind: { buffer.fullSince })
      buffer.put(.finished(outcome.answer))
      buffer.finish()
    } catch {
      buffer.finish(throwing: error)
    }
  }

  /// What the engine is doing.
  public var engineState: EngineState { engine.state }

  /// How many ids a request's prompt has, without an answer to it.
  ///
  /// - Throws: A `SpudError` as answering would.
  public func promptTokens(of request: Request) async throws -> [Int32] {
    try await preparation.run { [self] in
      var media = CodedMedia()
      return try prepare(request, history: [], earlierTurns: [], cache: &media, scope: nil).prompt.ids
    }
  }
}
