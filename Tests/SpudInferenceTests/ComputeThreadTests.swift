import Foundation
import Glibc
import SpudErrors
import Synchronization
import Testing

@testable import SpudInference

@Suite("Compute thread")
struct ComputeThreadTests {
  @Test("jobs run in order, all on one thread")
  func order() async throws {
    let thread = ComputeThread(name: "test")
    let seen = Mutex<[Int]>([])
    let threads = Mutex<Set<ObjectIdentifier>>([])
    let record: @Sendable (Int) -> Void = { number in
      seen.withLock { $0.append(number) }
      threads.withLock { _ = $0.insert(ObjectIdentifier(Thread.current)) }
    }
    for number in 0..<50 { thread.start { record(number) } }
    try await thread.run { record(50) }
    #expect(seen.withLock { $0 } == Array(0...50))
    #expect(threads.withLock { $0.count } == 1)
  }

  @Test("an error comes back to the caller, and the thread goes on")
  func errors() async throws {
    let thread = ComputeThread(name: "test")
    await #expect(throws: SpudError(.io, "gone")) { try await thread.run { throw SpudError(.io, "gone") } }
    #expect(try await thread.run { 7 } == 7)
  }

  @Test("a thread that gives way has the lowest priority, and no other thread has")
  func givesWay() async throws {
    let niceness: @Sendable () -> Int32 = { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
    let before = niceness()
    #expect(try await ComputeThread(name: "test", givesWay: true).run { niceness() } == 19)
    #expect(try await ComputeThread(name: "test").run { niceness() } == before)
    #expect(niceness() == before)
  }
}
