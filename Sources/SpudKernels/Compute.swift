internal import COpenBLAS
internal import CSpudKernels

/// The arithmetic of one loaded model: a pool of threads, an instruction set's kernels, and their workspace memory.
///
/// Everything is float32 at this interface; what a weight format makes of its inputs stays inside. The native kernels
/// sum every output in one fixed order, so a row's result does not depend, bit for bit, on how many rows or threads
/// there are.
///
/// One thread uses it at a time; two at once trap.
@safe
package final class Compute: @unchecked Sendable {
  // `@unchecked`: the pool traps when two threads run tasks at once, and workspace is touched only around tasks.

  package let instructionSet: InstructionSet
  package let backend: Backend
  let pool: WorkerPool
  let kernels: UnsafePointer<spud_kernels>
  var workspace = ComputeWorkspace()

  /// Makes a pool of `threads` threads, the caller's included; nil is one for each processor that this process may use.
  /// All but the caller's are pinned, to the processors after `firstProcessor`, counted among those.
  package init(
    threads: Int? = nil, firstProcessor: Int = 0, instructionSet: InstructionSet = .best, backend: Backend = .native
  ) {
    let threads = threads ?? Int(spud_cpu_count())
    self.instructionSet = instructionSet
    self.backend = backend
    unsafe kernels = instructionSet.kernels
    pool = WorkerPool(threads: threads, firstProcessor: firstProcessor)
    openblas_set_num_threads(1)
  }

  package var threads: Int { pool.count }

  /// Bytes of one row of `columns` inputs, prepared for `format`.
  func inputBytes(_ format: WeightFormat, columns: Int) -> Int {
    unsafe Int(spud_input_bytes(kernels, format.code, Int64(columns)))
  }
}

/// Memory that the operations share; each field belongs to one kind of operation.
struct ComputeWorkspace: ~Copyable {
  var packing = Workspace()
  /// Panels of experts that are met for the first time.
  var passing = Workspace()
  var inputs = Workspace()
  var gathered = Workspace()
  var sums = Workspace()
  var hidden = Workspace()
  var hiddenInputs = Workspace()
  var scores = Workspace()
  var queries = Workspace()
  var tiles: [AttentionTile] = []
}
