internal import Dispatch
internal import Foundation
internal import Synchronization

/// Ctrl-C: the first ends the work at once and in order, the second the process.
final class Interrupt {
  private final class Count: Sendable {
    let value = Atomic(0)
  }

  private let count = Count()
  private let source: any DispatchSourceSignal

  init() {
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler { [count] in
      if count.value.wrappingAdd(1, ordering: .relaxed).newValue > 1 { exit(128 + SIGINT) }
    }
    source.resume()
  }

  deinit {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }

  var isPending: Bool { count.value.load(ordering: .relaxed) > 0 }
}
