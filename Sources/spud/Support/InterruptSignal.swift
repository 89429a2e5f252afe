internal import Dispatch
internal import Foundation
internal import Synchronization

/// What Ctrl-C does while a command computes: the first time it asks the work to end in order, the second time it
/// ends the process.
final class InterruptSignal {
  private final class Count: Sendable {
    let value = Atomic(0)
  }

  private let source: any DispatchSourceSignal

  /// - Parameter first: Called on the first signal, on a thread of its own.
  init(first: @escaping @Sendable () -> Void) {
    // The default action would end the process before the source sees the signal.
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    let count = Count()
    source.setEventHandler {
      if count.value.wrappingAdd(1, ordering: .relaxed).newValue == 1 {
        first()
      } else {
        // As a shell reports a process that SIGINT ended.
        exit(128 + SIGINT)
      }
    }
    source.resume()
  }

  /// Gives Ctrl-C its usual meaning back.
  deinit {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }
}
