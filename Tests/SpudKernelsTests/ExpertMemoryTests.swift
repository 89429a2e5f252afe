import SpudErrors
import SpudKernels
import SpudTensors
import Testing

@Suite("Experts in memory as they are met")
struct ExpertMemoryTests {
  private let experts = 12
  private let width = 96
  private let expertWidth = 72

  /// The same experts twice: packed at once, and left in a file with room for `places` of them.
  private func pair(
    places: Int, _ format: WeightFormat, width: Int = 96, expertWidth: Int = 72, compute: Compute
  ) throws -> [ExpertWeights] {
    var random = Random(seed: 31)
    var bytes: [UInt8] = []
    let packed = try ExpertWeights(expertCount: experts, width: width, expertWidth: expertWidth, format: format)
    let size = ExpertWeights.bytesPerExpert(width: width, expertWidth: expertWidth, format: format, downFormat: format)
    let memory = try ExpertMemory(placeBytes: size, expertCount: experts, placeCount: places)
    let held = try ExpertWeights(
      expertCount: experts, width: width, expertWidth: expertWidth, format: format, memory: memory)
    var ranges: [(ExpertWeights.Projection, Int, Range<Int>)] = []
    for expert in 0..<experts {
      for projection in ExpertWeights.Projection.allCases {
        let values = random.values(width * expertWidth)
        let part = unsafe values.withUnsafeBytes { unsafe Array($0) }
        try packed.pack(projection, expert: expert, from: part, encoding: .f32, compute: compute)
        ranges.append((projection, expert, bytes.count..<bytes.count + part.count))
        bytes += part
      }
    }
    let file = try MappedFile(copying: bytes, name: "experts")
    for (projection, expert, range) in ranges {
      try held.hold(projection, expert: expert, in: file, at: range, encoding: .f32)
    }
    return [packed, held]
  }

  @Test(
    "the same bits, however few have a place, met for the first time or again", arguments: [1, 2, 5, 12],
    WeightFormat.general)
  func waves(places: Int, format: WeightFormat) throws {
    let compute = Compute(threads: 2)
    // With few places, of a shape that fills its panels.
    let (width, expertWidth) = places < 3 ? (256, 256) : (width, expertWidth)
    let weights = try pair(places: places, format, width: width, expertWidth: expertWidth, compute: compute)
    var random = Random(seed: 7)
    for rows in [1, 3, 40] {
      let x = Activations((0..<rows).map { _ in random.values(width) })
      var table = RoutingTable(expertCount: experts, expertsPerToken: 3)
      compute.route(
        Activations((0..<rows).map { _ in random.values(experts) }), by: .softmax(isNormalized: true), into: &table)
      let start = random.values(width)
      let outputs = weights.map { weights in
        let output = Activations((0..<rows).map { _ in start })
        compute.mixExperts(x, routing: table, weights: weights, addingInto: output)
        return output.allRows
      }
      #expect(outputs[0] == outputs[1])
    }
  }

  @Test("what is packed ahead is read once, and gives the same bits", arguments: [5, 12])
  func ahead(places: Int) throws {
    let compute = Compute(threads: 2)
    let weights = try pair(places: places, .bf16, compute: compute)
    compute.packAhead(weights[1])
    #expect(weights[1].reads.experts == places)
    var random = Random(seed: 8)
    let x = Activations((0..<40).map { _ in random.values(width) })
    var table = RoutingTable(expertCount: experts, expertsPerToken: 3)
    compute.route(
      Activations((0..<40).map { _ in random.values(experts) }), by: .softmax(isNormalized: true), into: &table)
    let outputs = weights.map { weights in
      let output = Activations((0..<40).map { _ in [Float](repeating: 0, count: width) })
      compute.mixExperts(x, routing: table, weights: weights, addingInto: output)
      return output.allRows
    }
    #expect(outputs[0] == outputs[1])
    #expect(places < experts || weights[1].reads.experts == experts)
  }

  @Test("what is met often stays, and what is met once gives way")
  func busiest() throws {
    let compute = Compute(threads: 1)
    let weights = try pair(places: 3, .q8_0, compute: compute)[1]
    var random = Random(seed: 8)
    func meet(_ chosen: [Int]) {
      var logits = [Float](repeating: -9, count: experts)
      for expert in chosen { logits[expert] = 9 }
      var table = RoutingTable(expertCount: experts, expertsPerToken: chosen.count)
      compute.route(Activations([logits]), by: .softmax(isNormalized: true), into: &table)
      compute.mixExperts(
        Activations([random.values(width)]), routing: table, weights: weights,
        addingInto: Activations(rows: 1, columns: width))
    }
    for _ in 0..<4 { meet([2, 7]) }
    #expect(weights.reads.experts == 4, "once as they are met first, once to stay")
    for _ in 0..<2 {
      for other in [0, 4, 5, 9] { meet([other]) }
    }
    #expect(weights.reads.experts == 12)
    meet([2, 7])
    #expect(weights.reads.experts == 12)
    #expect(weights.reads.bytes == 12 * 3 * width * expertWidth * 4)
  }

  @Test("nothing is read before it is met, nothing takes memory before it is met again, and that is all of it")
  func met() throws {
    let compute = Compute(threads: 2)
    let weights = try pair(places: experts, .bf16, compute: compute)[1]
    #expect(weights.reads == ExpertReads())
    #expect(weights.memoryToCome == weights.byteCount)
    var random = Random(seed: 9)
    let logits = Activations((0..<60).map { _ in random.values(experts) })
    var table = RoutingTable(expertCount: experts, expertsPerToken: 4)
    compute.route(logits, by: .softmax(isNormalized: true), into: &table)
    let x = Activations((0..<60).map { _ in random.values(width) })
    for (reads, memoryToCome) in [(1, weights.byteCount), (2, 0), (2, 0)] {
      compute.mixExperts(x, routing: table, weights: weights, addingInto: Activations(rows: 60, columns: width))
      #expect(weights.reads.experts == reads * experts)
      #expect(weights.memoryToCome == memoryToCome)
    }
  }

  @Test("a range of another length is refused")
  func wrongRange() throws {
    let weights = try ExpertWeights(expertCount: 2, width: 64, expertWidth: 32, format: .q8_0)
    let file = try MappedFile(copying: [UInt8](repeating: 0, count: 1 << 16), name: "experts")
    #expect(throws: SpudError.self) { try weights.hold(.up, expert: 0, in: file, at: 0..<100, encoding: .f32) }
    #expect(throws: SpudError.self) { try weights.hold(.down, expert: 1, in: file, at: 0..<4096, encoding: .q4_k) }
  }
}
