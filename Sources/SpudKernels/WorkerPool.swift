internal import CSpudKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Work that all threads of a pool do at once, each its own part.
///
/// It is not copied: threads that count references to the same objects wait for each other.
protocol ParallelTask: ~Copyable {
  /// Does the part of thread `worker.index` of `worker.count`.
  func run(_ worker: Worker)
}

extension ParallelTask where Self: ~Copyable {
  /// Runs the task that `raw` points to. Called through a metatype, which costs no allocation where a closure would.
  static func run(_ raw: UnsafeRawPointer, _ worker: Worker) {
    // SAFETY: `WorkerPool.run` passes a pointer to a live value of this very type.
    unsafe raw.assumingMemoryBound(to: Self.self).pointee.run(worker)
  }
}

/// One thread's place in a task.
@safe
struct Worker {
  let index: Int
  let count: Int
  fileprivate let pool: UnsafeMutablePointer<spud_pool>

  /// This thread's share of `0 ..< items`, contiguous, in multiples of `grain`. The first threads have one more where
  /// it does not come out even: the calling one begins before the others.
  func share(of items: Int, grain: Int = 1) -> Range<Int> {
    let grains = (items + grain - 1) / grain
    func end(of index: Int) -> Int { min((grains * index + count - 1) / count * grain, items) }
    return end(of: index)..<end(of: index + 1)
  }

  /// The next item of work that the threads take in turn, counted from 0 in every task.
  func takeItem() -> Int { unsafe Int(spud_take(&pool.pointee.next)) }

  /// The next chunk of `0 ..< items` that the threads take in turn; nil when all are taken.
  ///
  /// The last quarter goes in chunks of a quarter of the size, so that the threads end nearly together.
  func takeChunk(of items: Int, size: Int) -> Range<Int>? {
    let item = takeItem()
    let large = items * 3 / 4 / size
    let small = max(1, size / 4)
    let start = item < large ? item * size : large * size + (item - large) * small
    return start < items ? start..<min(start + (item < large ? size : small), items) : nil
  }

  /// Waits until every thread of the task is here. Work taken with `takeItem` starts again from 0.
  func barrier() {
    guard count > 1 else {
      unsafe spud_rewind(&pool.pointee.next)
      return
    }
    // SAFETY: the pool outlives its threads, and all access to it is atomic.
    let phase = unsafe spud_load(&pool.pointee.phase)
    if unsafe spud_fetch_add(&pool.pointee.arrived, 1) + 1 == UInt32(count) {
      unsafe spud_store_before(&pool.pointee.arrived, 0)
      unsafe spud_rewind(&pool.pointee.next)
      unsafe spud_store_after(&pool.pointee.phase, phase &+ 1)
    } else {
      WorkerPool.spin(until: { unsafe spud_load(&pool.pointee.phase) != phase })
    }
  }
}

/// A fixed pool of threads that run tasks together: fork, work, join.
///
/// The calling thread is worker 0. The others are pinned where there are processors for them, spin between tasks for a
/// fraction of a millisecond, then park until the next one. A task costs two cache-line round trips and allocates
/// nothing.
/// One task runs at a time.
@safe
final class WorkerPool: @unchecked Sendable {
  // `@unchecked`: the job and its kind are written before `generation` rises and read after; the rest is immutable or
  // atomic.

  fileprivate typealias Kind = any (ParallelTask & ~Copyable).Type

  /// What the threads share; they keep it alive.
  @safe
  fileprivate final class Shared {
    let pool: UnsafeMutablePointer<spud_pool>
    /// Where in it the type of the task is.
    let kind: UnsafeMutablePointer<Kind>
    let count: Int
    var stopping = false

    init(count: Int) {
      self.count = count
      unsafe pool = .allocate(capacity: 1)
      unsafe pool.initialize(to: spud_pool())
      guard let offset = unsafe MemoryLayout<spud_pool>.offset(of: \.kind) else {
        preconditionFailure("a C struct whose parts have no place")
      }
      // SAFETY: an existential metatype of one protocol is two words, and so is the place.
      unsafe kind = (UnsafeMutableRawPointer(pool) + offset).assumingMemoryBound(to: Kind.self)
    }

    deinit { unsafe pool.deallocate() }
  }

  /// How many threads a task has, the caller's included.
  let count: Int
  private let shared: Shared
  private var threads: [pthread_t] = []

  /// - Parameter firstProcessor: The place, among the processors that the process may use, of the one that is left to
  ///   the calling thread; thread `i` is pinned to the `i`-th after it. Two pools that work at once need two ranges:
  ///   threads that spin on one processor wait for each other.
  init(threads count: Int, firstProcessor: Int = 0) {
    precondition(count >= 1 && count <= 1024, "a pool has 1 to 1024 threads, not \(count)")
    self.count = count
    shared = Shared(count: count)
    for index in 1..<max(count, 1) {
      var thread = pthread_t()
      let start = Start(shared: shared, index: index, processor: firstProcessor + index)
      let argument = unsafe Unmanaged.passRetained(start).toOpaque()
      let status = unsafe pthread_create(
        &thread, nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
          spud_pin_thread(Int32(clamping: start.processor))
          WorkerPool.work(start.shared, index: start.index)
          return nil
        }, argument)
      precondition(status == 0, "cannot start a thread: error \(status)")
      threads.append(thread)
    }
  }

  private final class Start {
    let shared: Shared
    let index: Int
    let processor: Int
    init(shared: Shared, index: Int, processor: Int) {
      self.shared = shared
      self.index = index
      self.processor = processor
    }
  }

  deinit {
    shared.stopping = true
    wake()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Runs `task` on every thread, or on the calling one alone, and returns when all are done.
  func run<R: ParallelTask & ~Copyable>(_ task: borrowing R, alone: Bool = false) {
    let pool = unsafe shared.pool
    precondition(unsafe spud_exchange(&pool.pointee.busy, 1) == 0, "two threads use one Compute at the same time")
    unsafe spud_rewind(&pool.pointee.next)
    if alone || count == 1 {
      unsafe task.run(Worker(index: 0, count: 1, pool: pool))
    } else {
      unsafe withUnsafePointer(to: task) { pointer in
        // SAFETY: the threads are done with `task` before they count as finished.
        unsafe pool.pointee.job = UnsafeMutableRawPointer(mutating: pointer)
        unsafe shared.kind.pointee = R.self
        let finished = unsafe spud_load(&pool.pointee.finished) &+ UInt32(count - 1)
        wake()
        unsafe pointer.pointee.run(Worker(index: 0, count: count, pool: pool))
        WorkerPool.spin(until: { unsafe spud_load(&pool.pointee.finished) == finished })
      }
    }
    unsafe spud_store(&pool.pointee.busy, 0)
  }

  private func wake() {
    unsafe _ = spud_fetch_add(&shared.pool.pointee.generation, 1)
    if unsafe spud_load(&shared.pool.pointee.sleepers) > 0 { unsafe spud_futex_wake(&shared.pool.pointee.generation) }
  }

  /// Spins until `condition` holds; yields now and then in case the thread that it waits for has no processor.
  @inline(__always)
  fileprivate static func spin(until condition: () -> Bool) {
    var turns = 0
    while !condition() {
      turns &+= 1
      if turns % 64 == 0 { spud_pause() }
      if turns % 65536 == 0 { sched_yield() }
    }
  }

  private static func work(_ shared: Shared, index: Int) {
    let pool = unsafe shared.pool
    var seen: UInt32 = 0
    while true {
      var turns = 0
      while unsafe spud_load(&pool.pointee.generation) == seen {
        turns &+= 1
        if turns % 64 == 0 { spud_pause() }
        // Some 0.3 ms: several times what waking costs, and no longer. A processor where a thread spins is not given to
        // others that wake, such as those that restore pages.
        if turns > 100_000 {
          unsafe _ = spud_fetch_add(&pool.pointee.sleepers, 1)
          unsafe spud_futex_wait(&pool.pointee.generation, seen)
          unsafe _ = spud_fetch_add(&pool.pointee.sleepers, UInt32.max)
          turns = 0
        }
      }
      seen &+= 1
      if shared.stopping { return }
      if let job = unsafe pool.pointee.job {
        unsafe spud_fetch_lines(job, 256)
        unsafe shared.kind.pointee.run(job, Worker(index: index, count: shared.count, pool: pool))
      }
      unsafe _ = spud_fetch_add(&pool.pointee.finished, 1)
    }
  }
}
