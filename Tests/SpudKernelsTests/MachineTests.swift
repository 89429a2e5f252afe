import CAVX512Emulation
import CSpudKernels
import Foundation
import Synchronization
import Testing

@testable import SpudKernels

@Suite("The machine")
struct MachineTests {
  @Test("the peak's operations are those that its instructions do", arguments: [SPUD_Q8_0, SPUD_BF16])
  func peakCount(format: spud_format) throws {
    guard InstructionSet.emulatedAVX512.isSupported else { return }
    for turns: Int64 in [1, 7] {
      let before = spud_emulated_operations()
      let told = unsafe InstructionSet.emulatedAVX512.kernels.pointee.peak(format, turns)
      #expect(told > 0 && spud_emulated_operations() - before == told)
    }
  }

  @Test("the tiles' peak is what their instructions do")
  func peakOfTiles() {
    guard InstructionSet.emulatedAMX.isSupported else { return }
    let before = spud_emulated_operations()
    guard let peak = unsafe InstructionSet.emulatedAMX.kernels.pointee.peak_of_read else {
      Issue.record("tiles without a peak")
      return
    }
    let told = peak(3)
    #expect(told > 0 && spud_emulated_operations() - before == told)
  }

  /// Registers that are summed into, values in each, and two operations for a multiply-add.
  @Test("each instruction set's peak counts what one turn does", arguments: InstructionSet.supported)
  func peakOfTurn(level: InstructionSet) {
    let (f32, bf16, int8) =
      switch level {
      case .avx512, .emulatedAVX512, .amx, .emulatedAMX: (12 * 16 * 2, 12 * 32 * 2, 12 * 64 * 2)
      case .avx2: (6 * 16 * 2, 6 * 16 * 2, 8 * 32 * 2)
      case .neon, .neonI8MM: (3 * 2 * 16 * 2, 3 * 2 * 16 * 2, 16 * 16 * 2)
      case .portable: (2 * 16 * 2, 2 * 16 * 2, 64 * 2)
      }
    for turns in [1, 5] {
      for (format, operations) in [(SPUD_F32, f32), (SPUD_BF16, bf16), (SPUD_Q8_0, int8), (SPUD_Q4_0, int8)] {
        #expect(unsafe level.kernels.pointee.peak(format, Int64(turns)) == Int64(turns * operations))
      }
    }
  }

  /// Notes the processors that each worker's thread may run on.
  private struct AffinityTask: ParallelTask, ~Copyable {
    let found: Found

    func run(_ worker: Worker) {
      let allowed = MachineTests.allowedProcessors()
      found.processors.withLock { $0[worker.index] = allowed }
    }
  }

  private final class Found: Sendable {
    let processors: Mutex<[[Int]]>
    init(count: Int) { processors = Mutex(Array(repeating: [], count: count)) }
  }

  /// The processors that this thread may run on.
  private static func allowedProcessors() -> [Int] {
    let status = (try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)) ?? ""
    let list = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.split(separator: "\t").last
    return (list ?? "").split(separator: ",").flatMap { range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      return Array((ends.first ?? 0)...(ends.last ?? 0))
    }
  }

  private func processors(threads: Int, first: Int) -> [[Int]] {
    let found = Found(count: threads)
    WorkerPool(threads: threads, firstProcessor: first).run(AffinityTask(found: found))
    return found.processors.withLock { $0 }
  }

  @Test("workers are pinned to the processors after the pool's first; where there are none, they are not pinned")
  func pinning() {
    let allowed = Self.allowedProcessors()
    #expect(!allowed.isEmpty)
    for first in 0..<min(allowed.count + 1, 8) {
      let found = processors(threads: 3, first: first)
      #expect(found[0] == allowed, "the caller's thread stays as it is")
      for index in 1..<3 {
        let expected = first + index < allowed.count ? [allowed[first + index]] : allowed
        #expect(found[index] == expected, "worker \(index) of a pool whose first processor is \(first)")
      }
    }
  }
}
