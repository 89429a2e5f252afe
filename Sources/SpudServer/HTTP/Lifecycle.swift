#if Server
internal import Synchronization

/// Which exchanges are open, and whether the server takes new ones.
final class Lifecycle: Sendable {
  private struct State {
    var isDraining = false
    var next = 0
    var open: [Int: Exchange] = [:]
  }
  private let state = Mutex(State())

  var isDraining: Bool { state.withLock { $0.isDraining } }
  var openCount: Int { state.withLock { $0.open.count } }

  func add(_ exchange: Exchange) -> Int {
    state.withLock { state in
      state.next += 1
      state.open[state.next] = exchange
      return state.next
    }
  }

  func remove(_ number: Int) { state.withLock { _ = $0.open.removeValue(forKey: number) } }

  /// Takes no new requests from now on.
  func drain() { state.withLock { $0.isDraining = true } }

  /// Tells every exchange that is still open to end.
  func endAll() {
    for exchange in state.withLock({ Array($0.open.values) }) { exchange.end() }
  }
}
#endif
