#if Server
internal import Synchronization

/// A text that grows.
final class Collector: Sendable {
  private let text = Mutex("")
  var value: String { text.withLock { $0 } }
  func add(_ more: String) { text.withLock { $0 += more } }
}
#endif
