internal import Dispatch
internal import Foundation
internal import Synchronization

/// Ctrl-C: the first ends the work at once and in order, the second the process; SIGTERM ends the process.
final class Interrupt: @unchecked Sendable {
  // `@unchecked`: its sources are made when it is, and cancelled when it goes.
  private let count = Atomic(0)
  private let leaving = Mutex<@Sendable () -> Void>({})
  private var sources: [any DispatchSourceSignal] = []

  init() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [weak self] in self?.take(number) }
      source.resume()
      sources.append(source)
    }
  }

  deinit {
    for source in sources { source.cancel() }
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
  }

  /// Has something done before the process ends without returning.
  func onLeaving(_ body: @escaping @Sendable () -> Void) { leaving.withLock { $0 = body } }

  private func take(_ number: Int32) {
    guard number == SIGTERM || count.wrappingAdd(1, ordering: .relaxed).newValue > 1 else { return }
    leaving.withLock { $0() }
    exit(128 + number)
  }

  var isPending: Bool { count.load(ordering: .relaxed) > 0 }
}
