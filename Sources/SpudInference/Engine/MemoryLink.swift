internal import Foundation
package import SpudErrors
package import SpudKernels
internal import SpudModels
internal import Synchronization

/// What the memory beyond the process had of one answer's sequence, and got.
struct MemoryUse {
  /// Blocks at its beginning that are kept, or are about to be.
  var kept = 0
  /// Ids whose pages came from the store.
  var restored = 0
  /// When something of its prompt was last handed over to be sealed, or could first have been.
  var handedOver: ContinuousClock.Instant?
  var remarks: [Remark] = []
}

/// An engine's way to a store of pages: threads beside the one that computes, which look for pages, restore and seal.
///
/// Sealing goes on behind the answers: when nobody is answered, or after two seconds. At most a quarter of the cache's
/// pages, and 256 MiB of them, wait for it at a time; what more there is to seal is remembered as ids alone, and looked
/// for in the tree when its turn comes.
package final class MemoryLink: @unchecked Sendable {
  // `@unchecked`: `backlog`, `pending` and `idlers` belong to the thread that computes; the rest does not change, or is
  // behind a lock.

  /// A sequence of which pages are to be sealed.
  struct Backlog {
    var ids: [Int32]
    var marks: [Mark]
    var scope: CacheScope
    /// The first block to seal.
    var next: Int
  }

  /// How long sealing waits for a moment in which nobody is answered: on processors that all compute, it takes from
  /// answers what it needs, however low its priority is.
  static let patience = Duration.seconds(2)

  /// Whether sealing begins: when nobody is answered, after a while, or when much has come together.
  static func isDue(after wait: Duration, isIdle: Bool, backlog: Int) -> Bool {
    isIdle || wait > patience || backlog > backlogLimit / 2
  }

  /// Sequences that wait at most: the oldest gives way, and is sealed when it is next of use.
  static let backlogLimit = 64

  /// How long a prompt is read before what has been read of it is sealed, so that it is not lost with the process.
  var interval = Duration.seconds(30)

  let store: any PageStore
  var backlog: [Backlog] = []
  /// Pages that wait to be sealed.
  var pending = 0
  /// Since when sealing has waited for a moment in which nobody is answered; nil when nothing waits for that.
  var deferred: ContinuousClock.Instant?
  /// Answers that do.
  var pendingAnswers = 0
  /// Pages that have been, or were found to be.
  var sealed = 0
  /// Whom to tell when nothing waits any more.
  var idlers: [@Sendable () -> Void] = []

  private let seeker = ComputeThread(name: "spud recall")
  let sealer = ComputeThread(name: "spud seal", givesWay: true)
  private let restorers: [ComputeThread]
  /// Why the store keeps nothing more, until it has been told; each reason is told once.
  private let failure = Mutex<(waiting: SpudError?, told: String?)>((nil, nil))

  package init(_ store: any PageStore) {
    self.store = store
    let count = min(4, ProcessInfo.processInfo.activeProcessorCount)
    restorers = (0..<count).map { ComputeThread(name: "spud restore \($0)") }
  }

  /// Pages that may wait to be sealed at a time.
  static func quota(_ cache: KeyValueCache) -> Int {
    max(1, min(cache.pageLimit / 4, (256 << 20) / cache.shape.pageBytes))
  }

  /// The marks of each whole block, as bits.
  static func written(_ marks: [Mark]) -> [UInt32] {
    let length = KeyValueCache.positionsPerPage
    return (0..<marks.count / length).map { block in
      var bits: UInt32 = 0
      for (bit, mark) in marks[block * length..<(block + 1) * length].enumerated() where mark == .written {
        bits |= 1 << bit
      }
      return bits
    }
  }

  /// Why the store keeps nothing more; told once.
  func takeFailure() -> SpudError? {
    failure.withLock { failure in
      guard let waiting = failure.waiting.take(), waiting.message != failure.told else { return nil }
      failure.told = waiting.message
      return waiting
    }
  }

  /// Looks for a sequence, on a thread that may wait; what cannot be looked for is not there.
  func find(
    _ ids: [Int32], marks: [Mark], limit: Int, tenant: String, then: @escaping @Sendable ([StoredPages]) -> Void
  ) {
    seeker.start { [store] in
      then((try? store.find(ids, written: Self.written(marks), limit: limit, tenant: tenant)) ?? [])
    }
  }

  /// Restores parts side by side.
  ///
  /// - Parameters:
  ///   - pages: For each part, as `PageStore.restore` takes them.
  ///   - isWanted: Asked before each part.
  ///   - then: Told how many of the parts from the first on are whole, and why the next is not.
  package func restore(
    _ parts: [(part: StoredPages, pages: [PageView?])], isWanted: @escaping @Sendable () -> Bool,
    then: @escaping @Sendable (Int, SpudError?) -> Void
  ) {
    let work = Restoring(parts: parts.count)
    for restorer in restorers {
      restorer.start { [store, restorers] in
        while let index = work.take() {
          guard isWanted() else {
            work.fail(index, nil)
            continue
          }
          do {
            try store.restore(parts[index].part, to: parts[index].pages)
          } catch {
            work.fail(index, (error as? SpudError) ?? SpudError(.internal, "\(error)"))
          }
        }
        if let (whole, error) = work.leave(of: restorers.count) { then(whole, error) }
      }
    }
  }

  /// Seals pages, in the order of the calls.
  func save(
    _ entry: Backlog, blocks: Range<Int>, pages: [PageView], tenant: String, then: @escaping @Sendable () -> Void
  ) {
    sealer.start { [self] in
      do {
        try store.save(
          Array(entry.ids[..<(blocks.upperBound * KeyValueCache.positionsPerPage)]),
          written: Self.written(entry.marks), blocks: blocks, pages: pages, tenant: tenant)
      } catch {
        failure.withLock { $0.waiting = (error as? SpudError) ?? SpudError(.internal, "\(error)") }
      }
      then()
    }
  }

  /// Seals what finds an answer again by its words, behind the pages that were handed over before.
  func keep(_ answer: AnswerShelf.Kept, marks: [Mark], tenant: String, then: @escaping @Sendable () -> Void) {
    sealer.start { [self] in
      do {
        try store.keep(
          answer.bytes, endOf: answer.sequence.ids, written: Self.written(marks), tenant: tenant)
      } catch {
        failure.withLock { $0.waiting = (error as? SpudError) ?? SpudError(.internal, "\(error)") }
      }
      then()
    }
  }

  /// Waits until no thread holds the store any more for what it did.
  func settle() async {
    for thread in restorers + [seeker, sealer] { try? await thread.run {} }
  }

  /// Which parts are taken, whole or failed.
  private final class Restoring: Sendable {
    private struct State {
      var next = 0
      var failed: Int
      var error: SpudError?
      var left = 0
    }
    private let state: Mutex<State>
    private let count: Int

    init(parts count: Int) {
      self.count = count
      state = Mutex(State(failed: count))
    }

    /// The next part, unless one before it failed.
    func take() -> Int? {
      state.withLock { state in
        guard state.next < state.failed else { return nil }
        state.next += 1
        return state.next - 1
      }
    }

    func fail(_ index: Int, _ error: SpudError?) {
      state.withLock { state in
        guard index < state.failed else { return }
        (state.failed, state.error) = (index, error)
      }
    }

    /// For the last thread that leaves, what came of it.
    func leave(of threads: Int) -> (Int, SpudError?)? {
      state.withLock { state in
        state.left += 1
        return state.left == threads ? (state.failed, state.error) : nil
      }
    }
  }
}
