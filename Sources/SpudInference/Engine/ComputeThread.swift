internal import Foundation
internal import Glibc
internal import Synchronization

/// Work of a compute thread that goes on in small steps whenever no job waits.
protocol SteppingWork: AnyObject, Sendable {
  /// Does one step, on the compute thread.
  func step() -> ComputeThread.Rest
}

/// A thread of its own for work that blocks.
///
/// Kernels wait for each other and run for seconds, so they must not occupy a thread of Swift's cooperative
/// pool, which has one a processor and expects each to come back soon. Jobs run one at a time, in order; between
/// them, stepping work goes on, one step at a time and in turn.
package final class ComputeThread: Sendable {
  private typealias Job = @Sendable () -> Void

  /// What a step leaves to be done.
  enum Rest: Comparable {
    /// There is more to do at once.
    case none
    /// Something may have changed in a while, which nobody tells.
    case short
    /// Nothing, until a job comes.
    case untilJob
  }

  /// What the thread and its owner share, so that the thread does not keep its owner alive.
  private final class Queue: Sendable {
    /// Waiting jobs; nil tells the thread to end.
    let jobs = Mutex<[Job?]>([])
    let count = DispatchSemaphore(value: 0)

    func append(_ job: Job?) {
      jobs.withLock { $0.append(job) }
      count.signal()
    }

    /// The next job, for which it waits as `rest` allows.
    func next(_ rest: Rest) -> Job?? {
      switch rest {
      case .none: guard count.wait(timeout: .now()) == .success else { return .none }
      case .short: guard count.wait(timeout: .now() + .milliseconds(20)) == .success else { return .none }
      case .untilJob: count.wait()
      }
      return .some(jobs.withLock { $0.removeFirst() })
    }
  }

  /// Belongs to the thread. It does not keep the work alive.
  private final class Steppers {
    private var all: [() -> (any SteppingWork)?] = []

    func add(_ work: any SteppingWork) {
      all.append { [weak work] in work }
    }

    /// One step of each.
    func step() -> Rest {
      all.removeAll { $0() == nil }
      return all.reduce(Rest.untilJob) { rest, work in min(rest, work()?.step() ?? .untilJob) }
    }
  }

  private let queue = Queue()
  private let steppers: Confined<Steppers>

  /// A value that one thread alone touches.
  private struct Confined<Value>: @unchecked Sendable {
    // `@unchecked`: only jobs of the thread and its loop use it.
    let value: Value
  }

  /// - Parameter givesWay: Whether it computes with what others leave of the processors: where all are busy, with a
  ///   hundredth of one.
  package init(name: String, givesWay: Bool = false) {
    let steppers = Confined(value: Steppers())
    self.steppers = steppers
    let thread = Thread { [queue] in
      // Linux counts niceness by thread: 0 is the one that asks. Where it is refused, the thread is as any other.
      if givesWay { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19) }
      var rest = Rest.untilJob
      while true {
        switch queue.next(rest) {
        case .some(.some(let job)): job()
        case .some(.none): return
        case .none: break
        }
        rest = steppers.value.step()
      }
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

  /// Has `work` go on between jobs for as long as someone else keeps it alive.
  func register(_ work: any SteppingWork) {
    queue.append { [steppers] in steppers.value.add(work) }
  }
}
