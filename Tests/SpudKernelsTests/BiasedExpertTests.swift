import SpudKernels
import Testing

@Suite("Experts with biases")
struct BiasedExpertTests {
  typealias Biases = (gate: [Float], up: [Float], down: [Float])

  /// Experts whose gates and ups pass the limit often, in both directions.
  struct Setup {
    let block: FeedForwardTests.Block
    let biases: [Biases]
    let x: [[Float]]
    let logits: [[Float]]

    init(width: Int, expertWidth: Int, tokens: Int) {
      var random = Random(seed: 51)
      block = FeedForwardTests.Block(experts: 4, width: width, expertWidth: expertWidth, random: &random)
      biases = (0..<4).map { _ in
        (random.values(expertWidth), random.values(expertWidth), random.values(width))
      }
      x = (0..<tokens).map { _ in random.values(width) }
      logits = (0..<tokens).map { _ in random.values(4) }
    }

    func mix(
      _ tokens: [Int], _ format: WeightFormat, _ compute: Compute, _ activation: GatedActivation
    ) throws -> (output: [[Float]], table: RoutingTable) {
      let packed = ExpertBiases(
        gate: biases.flatMap(\.gate), up: biases.flatMap(\.up), down: biases.flatMap(\.down), expertCount: 4)
      let weights = try block.packed(format, compute, activation: activation, biases: packed)
      var table = RoutingTable(expertCount: 4, expertsPerToken: 2)
      compute.route(Activations(tokens.map { logits[$0] }), by: .softmaxOfBest, into: &table)
      let output = Activations(rows: tokens.count, columns: block.width)
      compute.mixExperts(Activations(tokens.map { x[$0] }), routing: table, weights: weights, addingInto: output)
      return (output.allRows, table)
    }
  }

  static let activations = [GatedActivation.silu, .clamped(limit: 1.2, slope: 1.702)]

  /// Few tokens, and more than 32 for one expert; widths that end inside a panel, and some that do not.
  @Test(
    "a mixture with biases agrees with the scalar reference", arguments: InstructionSet.supported,
    WeightFormat.general.flatMap { format in activations.map { (format, $0) } })
  func agrees(level: InstructionSet, _ formatAndActivation: (WeightFormat, GatedActivation)) throws {
    let (format, activation) = formatAndActivation
    let compute = Compute(threads: 2, instructionSet: level)
    for (width, expertWidth, tokens) in [(44, 35, 70), (32, 32, 3)] {
      let setup = Setup(width: width, expertWidth: expertWidth, tokens: tokens)
      let (output, table) = try setup.mix(Array(0..<tokens), format, compute, activation)
      var expected: [Double] = []
      for token in 0..<tokens {
        var sum = [Double](repeating: 0, count: width)
        for slot in 0..<2 {
          let expert = Int(table.experts[token * 2 + slot])
          let part = Reference.feedForward(
            setup.x[token], gate: setup.block.gate[expert], up: setup.block.up[expert],
            down: setup.block.down[expert], activation: activation, biases: setup.biases[expert])
          for column in 0..<width { sum[column] += Double(table.weights[token * 2 + slot]) * part[column] }
        }
        expected += sum
      }
      // Biases make gated values larger, and what is lost in rounding them; the answers' sum is not larger.
      #expect(difference(output.flatMap { $0 }, expected) < 2 * ProductTests.budget(format))
    }
  }

  @Test(
    "a token's result does not depend on its neighbours or the threads, bit for bit",
    arguments: InstructionSet.supported, WeightFormat.general)
  func independent(level: InstructionSet, format: WeightFormat) throws {
    let setup = Setup(width: 44, expertWidth: 40, tokens: 70)
    let all = try setup.mix(
      Array(0..<70), format, Compute(threads: 2, instructionSet: level), Self.activations[1]
    ).output
    for (threads, tokens) in [(1, Array(0..<70)), (2, [3]), (1, [16, 3, 9])] {
      let compute = Compute(threads: threads, instructionSet: level)
      let some = try setup.mix(tokens, format, compute, Self.activations[1]).output
      #expect(some == tokens.map { all[$0] })
    }
  }

  @Test("what is no number stays none", arguments: InstructionSet.supported)
  func notANumber(level: InstructionSet) throws {
    let compute = Compute(threads: 1, instructionSet: level)
    var setup = Setup(width: 64, expertWidth: 64, tokens: 2)
    setup = Setup(setup, biases: setup.biases.map { ([.nan] + $0.gate.dropFirst(), $0.up, $0.down) })
    let output = try setup.mix([0, 1], .f32, compute, Self.activations[1]).output
    #expect(output.allSatisfy { $0.allSatisfy(\.isNaN) })
  }
}

extension BiasedExpertTests.Setup {
  init(_ other: Self, biases: [BiasedExpertTests.Biases]) {
    (block, x, logits) = (other.block, other.x, other.logits)
    self.biases = biases
  }
}
