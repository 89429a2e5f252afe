import SpudKernels
import SpudTensors
import Testing

@Suite("Experts")
struct FeedForwardTests {
  struct Block {
    let experts: Int
    let width: Int
    let expertWidth: Int
    let gate: [[Float]]
    let up: [[Float]]
    let down: [[Float]]

    init(experts: Int, width: Int, expertWidth: Int, random: inout Random) {
      self.experts = experts
      self.width = width
      self.expertWidth = expertWidth
      let scale = 1 / Float(width).squareRoot()
      gate = (0..<experts).map { _ in random.values(width * expertWidth, scale: scale) }
      up = (0..<experts).map { _ in random.values(width * expertWidth, scale: scale) }
      down = (0..<experts).map { _ in random.values(width * expertWidth, scale: scale) }
    }

    func packed(
      _ format: WeightFormat, _ compute: Compute, activation: GatedActivation = .silu, biases: ExpertBiases? = nil
    ) throws -> ExpertWeights {
      let weights = try ExpertWeights(
        expertCount: experts, width: width, expertWidth: expertWidth, format: format, activation: activation,
        biases: biases)
      for expert in 0..<experts {
        for (projection, values) in [(ExpertWeights.Projection.gate, gate), (.up, up), (.down, down)] {
          let part = values[expert]
          try unsafe weights.pack(projection, expert: expert, from: part.span.bytes, encoding: .f32, compute: compute)
        }
      }
      return weights
    }
  }

  /// Few tokens; more than 32 in all; and more than 96 for one expert.
  @Test(
    "a mixture agrees with the scalar reference", arguments: InstructionSet.supported,
    WeightFormat.general.flatMap { format in [11, 40, 260].map { (format, $0) } })
  func mixture(level: InstructionSet, _ formatAndTokens: (WeightFormat, Int)) throws {
    let (format, tokens) = formatAndTokens
    var random = Random(seed: 5)
    let compute = Compute(threads: 2, instructionSet: level)
    let block = Block(experts: 5, width: 70, expertWidth: 51, random: &random)
    let weights = try block.packed(format, compute)
    let x = (0..<tokens).map { _ in random.values(70) }
    let hidden = (0..<tokens).map { _ in random.values(70) }
    let logits = Activations((0..<tokens).map { _ in random.values(5) })
    var table = RoutingTable(expertCount: 5, expertsPerToken: 2)
    compute.route(logits, by: .softmax(isNormalized: true), into: &table)
    let output = Activations(hidden)
    compute.mixExperts(Activations(x), routing: table, weights: weights, addingInto: output)
    var expected: [Double] = []
    if tokens == 260 {
      #expect((0..<5).contains { expert in table.experts.filter { Int($0) == expert }.count > 96 })
    }
    for token in 0..<tokens {
      var sum = hidden[token].map(Double.init)
      for slot in 0..<2 {
        let expert = Int(table.experts[token * 2 + slot])
        let part = Reference.feedForward(
          x[token], gate: block.gate[expert], up: block.up[expert], down: block.down[expert], expertWidth: 51)
        for column in 0..<70 { sum[column] += Double(table.weights[token * 2 + slot]) * part[column] }
      }
      expected += sum
    }
    #expect(difference(output.allRows.flatMap { $0 }, expected) < ProductTests.budget(format))
  }

  @Test(
    "a token's result does not depend on its neighbours or the threads, bit for bit",
    arguments: InstructionSet.supported,
    WeightFormat.general)
  func independent(level: InstructionSet, format: WeightFormat) throws {
    var random = Random(seed: 6)
    let block = Block(experts: 4, width: 96, expertWidth: 80, random: &random)
    let x = (0..<150).map { _ in random.values(96) }
    let logits = (0..<150).map { _ in random.values(4) }
    var results: [[[Float]]] = []
    for threads in [1, 2] {
      let compute = Compute(threads: threads, instructionSet: level)
      let weights = try block.packed(format, compute)
      for tokens in [Array(0..<150), [3], [16, 3, 9], Array(100..<140)] {
        var table = RoutingTable(expertCount: 4, expertsPerToken: 3)
        compute.route(Activations(tokens.map { logits[$0] }), by: .softmax(isNormalized: false), into: &table)
        let output = Activations(rows: tokens.count, columns: 96)
        compute.mixExperts(Activations(tokens.map { x[$0] }), routing: table, weights: weights, addingInto: output)
        if tokens.count == 150 { results.append(output.allRows) }
        for (index, token) in tokens.enumerated() { #expect(output[index] == results[0][token]) }
      }
    }
  }

  @Test("experts packed from one tensor are the same as one at a time")
  func stacked() throws {
    var random = Random(seed: 15)
    let compute = Compute(threads: 2)
    let block = Block(experts: 3, width: 40, expertWidth: 70, random: &random)
    let separate = try block.packed(.q8_0, compute)
    let together = try ExpertWeights(expertCount: 3, width: 40, expertWidth: 70, format: .q8_0)
    for (projection, values) in [(ExpertWeights.Projection.gate, block.gate), (.up, block.up), (.down, block.down)] {
      for (expert, part) in values.enumerated() {
        try unsafe together.pack(projection, expert: expert, from: part.span.bytes, encoding: .f32, compute: compute)
      }
    }
    let x = Activations((0..<5).map { _ in random.values(40) })
    var table = RoutingTable(expertCount: 3, expertsPerToken: 2)
    compute.route(Activations((0..<5).map { _ in random.values(3) }), by: .softmax(isNormalized: true), into: &table)
    let outputs = [separate, together].map { weights in
      let output = Activations(rows: 5, columns: 40)
      compute.mixExperts(x, routing: table, weights: weights, addingInto: output)
      return output.allRows
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test("a dense block is one expert of weight one")
  func dense() throws {
    var random = Random(seed: 7)
    let compute = Compute(threads: 2)
    let block = Block(experts: 1, width: 64, expertWidth: 160, random: &random)
    let weights = try block.packed(.f32, compute)
    let x = (0..<4).map { _ in random.values(64) }
    let output = Activations(rows: 4, columns: 64)
    compute.denseFeedForward(Activations(x), weights: weights, addingInto: output)
    for token in 0..<4 {
      let expected = Reference.feedForward(
        x[token], gate: block.gate[0], up: block.up[0], down: block.down[0], expertWidth: 160)
      #expect(difference(output[token], expected) < 1e-5)
    }
  }

  @Test("the router agrees with a stable sort on tie-heavy input", arguments: [false, true])
  func router(ofBest: Bool) {
    var random = Random(seed: 8)
    let compute = Compute(threads: 2)
    for _ in 0..<300 {
      let experts = 2 + random.below(40)
      let count = 1 + random.below(min(experts, 9))
      let logits = (0..<3).map { _ in (0..<experts).map { _ in Float(random.below(6)) } }
      var table = RoutingTable(expertCount: experts, expertsPerToken: count)
      compute.route(
        Activations(logits), by: ofBest ? .softmaxOfBest : .softmax(isNormalized: false), into: &table)
      for (token, row) in logits.enumerated() {
        // Swift's sort is stable in practice but not by contract: the index decides here.
        let order = row.indices.sorted { (row[$0], -$0) > (row[$1], -$1) }
        #expect(table.experts[token * count..<(token + 1) * count].map(Int.init) == Array(order.prefix(count)))
        let counted = ofBest ? order.prefix(count).map { row[$0] } : row
        let sum = counted.reduce(0.0) { $0 + Reference.exponential(Double($1)) }
        let expected = order.prefix(count).map { Reference.exponential(Double(row[$0])) / sum }
        #expect(difference(Array(table.weights[token * count..<(token + 1) * count]), expected) < 1e-5)
      }
    }
  }

  @Test("the parts of a table are all of its experts in turn, and none is without work")
  func parts() {
    var random = Random(seed: 9)
    let compute = Compute(threads: 2)
    for _ in 0..<300 {
      let experts = 4 + random.below(20)
      // Some experts are chosen for nearly everything, and others, the last among them, for nothing.
      let favourites = (0..<experts).map { _ in Float(random.below(3) * 4) }
      let logits = (0..<20).map { _ in favourites.map { $0 + random.values(1)[0] } }
      var table = RoutingTable(expertCount: experts, expertsPerToken: 2)
      compute.route(Activations(logits), by: .softmax(isNormalized: true), into: &table)
      let most = 1 + random.below(12)
      var first = 0
      while first < experts {
        let part = table.experts(from: first, pairs: most)
        #expect(part.lowerBound == first)
        #expect(table.pairCount(of: part) > 0)
        #expect(table.pairCount(of: part) <= most || part.count { table.pairCount(of: $0..<$0 + 1) > 0 } == 1)
        first = part.upperBound
      }
      #expect(first == experts)
    }
  }
}
