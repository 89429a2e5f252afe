internal import CSpudKernels

/// What this machine can do at most, measured: the lines that kernels are judged against.
///
/// Neighbours move these figures from minute to minute: measure them beside what they are compared with.
package struct MachineProbe {
  private let compute: Compute

  package init(threads: Int? = nil, instructionSet: InstructionSet = .best) {
    compute = Compute(threads: threads, instructionSet: instructionSet)
  }

  package init(sharing compute: Compute) { self.compute = compute }

  /// The fastest of `runs` passes over 512 MiB on huge pages, in 10⁹ bytes a second, all threads together.
  package func readBandwidth(megabytes: Int = 512, runs: Int = 5) throws -> Double {
    try makeReader(megabytes: megabytes).bandwidth(runs: runs)
  }

  /// Memory to read again and again: filling it takes longer than a measurement.
  package func makeReader(megabytes: Int) throws -> Reader {
    let share = (megabytes << 20) / compute.threads / 256 * 256
    let buffer = try PageBuffer(byteCount: share * compute.threads, for: "measuring the read bandwidth")
    unsafe buffer.base.initializeMemory(as: UInt8.self, repeating: 1, count: buffer.byteCount)
    return Reader(compute: compute, buffer: buffer, share: share)
  }

  package struct Reader {
    private let compute: Compute
    private let buffer: PageBuffer
    private let share: Int

    fileprivate init(compute: Compute, buffer: PageBuffer, share: Int) {
      self.compute = compute
      self.buffer = buffer
      self.share = share
    }

    /// The fastest of `runs` passes, in 10⁹ bytes a second, all threads together.
    package func bandwidth(runs: Int) -> Double {
      let task = unsafe ReadTask(
        kernels: compute.kernels, bytes: UnsafePointer(buffer.base.assumingMemoryBound(to: UInt8.self)), share: share)
      var best = Duration.seconds(1_000_000)
      for _ in 0..<runs { best = min(best, ContinuousClock().measure { compute.pool.run(task) }) }
      return Double(share * compute.threads) / best.seconds / 1e9
    }
  }

  /// Operations in registers only, in 10⁹ a second (a multiply-add is two), all threads together.
  ///
  /// - Parameter reads: Whether of rows that are read, which may go through tiles.
  package func peakGops(_ format: WeightFormat, reads: Bool = false, runs: Int = 5) -> Double {
    let ofTiles = unsafe reads && compute.usesTiles(format) ? compute.kernels.pointee.peak_of_read : nil
    let task = unsafe PeakTask(kernels: compute.kernels, ofTiles: ofTiles, format: format.code, turns: 200_000)
    let operations = Double(task.count(turns: 1)) * 200_000 * Double(compute.threads)
    var best = Duration.seconds(1_000_000)
    for _ in 0..<runs { best = min(best, ContinuousClock().measure { compute.pool.run(task) }) }
    return operations / best.seconds / 1e9
  }

  /// Nanoseconds that an empty task costs: waking the other threads and waiting for them.
  package func forkJoinNanoseconds(tasks: Int = 10_000) -> Double {
    ContinuousClock().measure {
      for _ in 0..<tasks { compute.pool.run(EmptyTask()) }
    }.seconds / Double(tasks) * 1e9
  }
}

extension Duration {
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

private struct EmptyTask: ParallelTask, ~Copyable {
  func run(_ worker: Worker) {}
}

@safe
private struct ReadTask: ParallelTask, ~Copyable {
  let kernels: UnsafePointer<spud_kernels>
  let bytes: UnsafePointer<UInt8>
  let share: Int

  func run(_ worker: Worker) {
    // SAFETY: the buffer holds a share for each worker.
    unsafe _ = kernels.pointee.read(bytes + worker.index * share, Int64(share))
  }
}

@safe
private struct PeakTask: ParallelTask, ~Copyable {
  let kernels: UnsafePointer<spud_kernels>
  let ofTiles: (@convention(c) (Int64) -> Int64)?
  let format: spud_format
  let turns: Int64

  func run(_ worker: Worker) { _ = count(turns: turns) }

  func count(turns: Int64) -> Int64 {
    if let ofTiles { return ofTiles(turns) }
    return unsafe kernels.pointee.peak(format, turns)
  }
}
