#if Server
internal import NIOCore
internal import SpudProtocol
internal import Synchronization

/// One request while it is being answered: what makes the answer can be ended from outside.
final class Exchange: Sendable {
  /// Silence after which a stream shows that it is alive.
  static let pingInterval = Duration.seconds(2)
  /// How long a client may leave unread what was sent.
  static let patience = Duration.seconds(30)

  private struct State {
    var cancel: (@Sendable () -> Void)?
    var outbox: Outbox?
    /// Why it ended, if not by itself.
    var ending: APIError?
    var writingSince: ContinuousClock.Instant?
  }
  private let state = Mutex(State())

  /// Why it was ended from outside, if it was.
  var ending: APIError? { state.withLock { $0.ending } }

  /// Ends it because the server ends.
  func end() { end(APIError(503, "the server is shutting down", code: "shutting_down", retryAfter: 5)) }

  func end(_ error: APIError) {
    let (cancel, outbox) = state.withLock { state in
      state.ending = state.ending ?? error
      return (state.cancel, state.outbox)
    }
    outbox?.finish(throwing: error)
    cancel?()
  }

  /// Ends it because the client has gone.
  func abandon() {
    let (cancel, outbox) = state.withLock { state in
      state.ending = state.ending ?? APIError(499, "the client has gone", code: "client_gone")
      return (state.cancel, state.outbox)
    }
    outbox?.abandon()
    cancel?()
  }

  /// Makes an answer, in a task of its own that can be cancelled.
  func make(_ body: @escaping @Sendable () async throws -> Reply) async throws -> Reply {
    let task = Task { try await body() }
    attach { task.cancel() }
    do {
      return try await task.value
    } catch {
      throw ending ?? error
    }
  }

  /// Has a stream made.
  func begin(_ produce: @escaping @Sendable (Outbox) async throws -> Void) -> Outbox {
    let outbox = Outbox()
    let task = Task {
      do {
        try await produce(outbox)
        outbox.finish()
      } catch {
        outbox.finish(throwing: error)
      }
    }
    state.withLock { $0.outbox = outbox }
    attach { task.cancel() }
    return outbox
  }

  private func attach(_ cancel: @escaping @Sendable () -> Void) {
    let isOver = state.withLock { state in
      state.cancel = cancel
      return state.ending != nil
    }
    if isOver { cancel() }
  }

  /// Notes that a write to the connection begins, or with nil that it is done.
  func note(writingSince start: ContinuousClock.Instant?) { state.withLock { $0.writingSince = start } }

  /// Sends signs of life, and closes a connection that nobody reads from, until it is cancelled.
  func watch(_ outbox: Outbox, on channel: any Channel) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(250))
      outbox.putIfIdle(ServerSentEvent.ping, for: Self.pingInterval)
      let since = state.withLock { $0.writingSince }
      if let since, since.duration(to: .now) > Self.patience {
        abandon()
        channel.close(promise: nil)
        return
      }
    }
  }
}
#endif
