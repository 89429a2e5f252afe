internal import Foundation
internal import Synchronization

/// A thread of its own for work that blocks.
///
/// Kernels wait for each other and run for seconds, so they must not occupy a thread of Swift's cooperative
/// pool, which has one a processor and expects each to come back soon. Jobs run one at a time, in order.
package final class ComputeThread: Sendable {
  private typealias Job = @Sendable () -> Void

  /// What the thread and its owner share, so that the thread does not keep its owner alive.
  private final class Queue: Sendable {
    /// Waiting jobs; nil tells the thread to end.
    let jobs = Mutex<[Job?]>([])
    let count = DispatchSemaphore(value: 0)

    func append(_ job: Job?) {
      jobs.withLock { $0.append(job) }
      count.signal()
    }

    func next() -> Job? {
      count.wait()
      return jobs.withLock { $0.removeFirst() }
    }
  }

  private let queue = Queue()

  package init(name: String) {
    let thread = Thread { [queue] in
      while let job = queue.next() { job() }
    }
    thread.name = name
    thread.stackSize = 16 << 20
    thread.start()
  }

  deinit {
    queue.append(nil)
  }

  /// Runs `body` on this thread, after everything that was handed over before it.
  package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      queue.append { continuation.resume(with: Swift.Result(catching: body)) }
    }
  }

  /// Has `body` run on this thread, without waiting for it.
  package func start(_ body: @escaping @Sendable () -> Void) {
    queue.append(body)
  }
}
