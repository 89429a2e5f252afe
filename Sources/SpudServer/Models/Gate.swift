#if Server
internal import SpudProtocol
internal import Synchronization

/// How many answers of a model are made at a time: others wait, first come, first served, and leave when their client
/// does.
final class Gate: Sendable {
  private struct State {
    var running = 0
    var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    var next = 0
    var cancelled: Set<Int> = []
  }

  private let limit: Int
  private let queueLimit: Int
  private let state = Mutex(State())

  init(limit: Int, queueLimit: Int) { (self.limit, self.queueLimit) = (limit, queueLimit) }

  var counts: (running: Int, waiting: Int) { state.withLock { ($0.running, $0.waiting.count) } }

  /// Runs `body` when there is room for it.
  ///
  /// - Throws: `APIError` (429) when too many wait; `CancellationError` when it was cancelled while it waited.
  func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    try await enter()
    defer { leave() }
    return try await body()
  }

  private func enter() async throws {
    try Task.checkCancellation()
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    let entered = try await withTaskCancellationHandler {
      let place = state.withLock { state -> Bool? in
        if state.running < limit {
          state.running += 1
          return true
        }
        return state.waiting.count < queueLimit ? nil : false
      }
      if place == false {
        throw APIError(
          429, "\(queueLimit) requests are waiting already, which is the limit", code: "queue_full", retryAfter: 5)
      }
      if place == true { return true }
      return await withCheckedContinuation { continuation in
        let now = state.withLock { state -> Bool? in
          if state.cancelled.remove(id) != nil { return false }
          if state.running < limit {
            state.running += 1
            return true
          }
          state.waiting.append((id, continuation))
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
        guard let index = state.waiting.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.waiting.remove(at: index).continuation
      }
      continuation?.resume(returning: false)
    }
    state.withLock { _ = $0.cancelled.remove(id) }
    guard entered else { throw CancellationError() }
  }

  private func leave() {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard !state.waiting.isEmpty else {
        state.running -= 1
        return nil
      }
      return state.waiting.removeFirst().continuation
    }
    next?.resume(returning: true)
  }
}
#endif
