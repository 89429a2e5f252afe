internal import SpudKernels
internal import SpudQuantizer
internal import SpudSupport
internal import SpudTensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// One product of inputs with a matrix, to be run again and again.
public final class ProductWorkload {
  private let compute: Compute
  private let matrices: [WeightMatrix]
  private let input: Activations
  private let output: Activations
  private var turn = 0
  /// Additions and multiplications of one run.
  public let operations: Int
  /// Bytes of weights that one run reads.
  public let bytes: Int

  /// - Parameters:
  ///   - format: By name, as `q4_0`; those of blocks of 256 want so many columns.
  ///   - copies: so many matrices are used in turn; with enough of them, weights come from memory and not from a cache.
  public init(
    tokens: Int, rows: Int, columns: Int, format: String, instructionSet: String? = nil, threads: Int, copies: Int = 1
  ) throws {
    let level = instructionSet.flatMap(InstructionSet.init(rawValue:)) ?? .best
    let compute = Compute(threads: threads, instructionSet: level)
    self.compute = compute
    var source = RandomBlocks()
    matrices = try (0..<max(copies, 1)).map { _ in
      let matrix = try WeightMatrix(rows: rows, columns: columns, format: WeightFormat(rawValue: format) ?? .f32)
      try source.fill(matrix, compute: compute)
      return matrix
    }
    input = Activations(rows: tokens, columns: columns)
    for token in 0..<tokens { input[token] = (0..<columns).map { Float(($0 &* 31 &+ token) % 17) / 8 - 1 } }
    output = Activations(columns: rows)
    operations = 2 * tokens * rows * columns
    bytes = matrices[0].byteCount
  }

  public func run() {
    compute.multiply(input, by: matrices[turn], into: output)
    turn = (turn + 1) % matrices.count
  }
}

/// The same product by OpenBLAS.
public final class SgemmWorkload {
  private let weights: Matrix  // [rows, columns]
  private let input: Matrix  // [tokens, columns]
  private var output: Matrix  // [tokens, rows]

  /// `threads` are OpenBLAS's own.
  public init(tokens: Int, rows: Int, columns: Int, threads: Int) {
    weights = Matrix(rows: rows, columns: columns, values: (0..<rows * columns).map { Float($0 % 13) / 13 - 0.5 })
    input = Matrix(rows: tokens, columns: columns, values: (0..<tokens * columns).map { Float($0 % 17) / 8 - 1 })
    output = Matrix(rows: tokens, columns: rows)
    LinearAlgebra.useThreads(threads)
  }

  /// Additions and multiplications of one run.
  public var operations: Int { 2 * input.rows * weights.rows * weights.columns }

  public func run() { LinearAlgebra.multiply(input, by: weights, transposed: true, into: &output) }
}

/// One layer's mixture of experts.
public final class ExpertsWorkload {
  private let compute: Compute
  private let weights: ExpertWeights
  private let input: Activations
  private let hidden: Activations
  private var routing: RoutingTable
  /// Additions and multiplications of one run.
  public let operations: Int

  public init(
    tokens: Int, experts: Int, expertsPerToken: Int, width: Int, expertWidth: Int, format: String,
    instructionSet: String? = nil,
    threads: Int
  ) throws {
    compute = Compute(threads: threads, instructionSet: instructionSet.flatMap(InstructionSet.init(rawValue:)) ?? .best)
    weights = try ExpertWeights(
      expertCount: experts, width: width, expertWidth: expertWidth, format: WeightFormat(rawValue: format) ?? .f32)
    var source = RandomBlocks()
    try source.fill(weights, compute: compute)
    input = Activations(rows: tokens, columns: width)
    for token in 0..<tokens { input[token] = (0..<width).map { Float(($0 &* 31 &+ token) % 17) / 8 - 1 } }
    hidden = Activations(rows: tokens, columns: width)
    let logits = Activations(rows: tokens, columns: experts)
    for token in 0..<tokens {
      logits[token] = (0..<experts).map { Float(($0 &* 7919 &+ token &* 104_729) % 1009) / 100 }
    }
    routing = RoutingTable(expertCount: experts, expertsPerToken: expertsPerToken)
    compute.route(logits, by: .softmax(isNormalized: true), into: &routing)
    operations = 6 * tokens * expertsPerToken * width * expertWidth
  }

  public func run() { compute.mixExperts(input, routing: routing, weights: weights, addingInto: hidden) }

  /// What a layer's outputs differ by from those of the floats that its weights were, relative to their size: root mean
  /// squares over 16 tokens that go to every expert. Weights and inputs are normal, of deviations 1/√width and 1.
  public static func error(experts: Int, width: Int, expertWidth: Int, format: String, instructionSet: String? = nil)
    throws -> Double
  {
    let compute = Compute(threads: 2, instructionSet: instructionSet.flatMap(InstructionSet.init(rawValue:)) ?? .best)
    var generator = SeededGenerator(seed: 6)
    func values(_ count: Int, _ scale: Float) -> [Float] {
      // Twelve uniform ones add up to one that is nearly normal.
      (0..<count).map { _ in ((0..<12).reduce(Float(-6)) { sum, _ in sum + Float(generator.fraction()) }) * scale }
    }
    let weights = try ExpertWeights(
      expertCount: experts, width: width, expertWidth: expertWidth, format: WeightFormat(rawValue: format) ?? .f32)
    let tokens = (0..<16).map { _ in values(width, 1) }
    var expected = tokens.map { _ in [Double](repeating: 0, count: width) }
    func product(_ x: [Float], _ matrix: [Float]) -> [Float] {
      (0..<matrix.count / x.count).map { row in
        var sum = 0.0
        for column in x.indices { sum += Double(x[column]) * Double(matrix[row * x.count + column]) }
        return Float(sum)
      }
    }
    for expert in 0..<experts {
      let parts = (0..<3).map { _ in values(width * expertWidth, 1 / Float(width).squareRoot()) }
      for (projection, part) in zip([ExpertWeights.Projection.gate, .up, .down], parts) {
        let bytes = part.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        try weights.pack(projection, expert: expert, from: bytes, encoding: .f32, compute: compute)
      }
      for (token, x) in tokens.enumerated() {
        let gated = zip(product(x, parts[0]), product(x, parts[1])).map { $0 / (1 + exp(-$0)) * $1 }
        for (column, value) in product(gated, parts[2]).enumerated() {
          expected[token][column] += Double(value) / Double(experts)
        }
      }
    }
    let (input, logits) = (Activations(rows: 16, columns: width), Activations(rows: 16, columns: experts))
    for (token, x) in tokens.enumerated() { input[token] = x }
    var routing = RoutingTable(expertCount: experts, expertsPerToken: experts)
    compute.route(logits, by: .softmax(isNormalized: true), into: &routing)
    let output = Activations(rows: 16, columns: width)
    compute.mixExperts(input, routing: routing, weights: weights, addingInto: output)
    var (difference, size) = (0.0, 0.0)
    for (token, row) in expected.enumerated() {
      for (value, wanted) in zip(output[token], row) {
        difference += (Double(value) - wanted) * (Double(value) - wanted)
        size += wanted * wanted
      }
    }
    return (difference / size).squareRoot()
  }
}

/// One layer's attention: `tokens` queries after `depth` positions.
public final class AttentionWorkload {
  private let compute: Compute
  private let cache: KeyValueCache
  private let queries: Activations
  private let keys: Activations
  private let output: Activations
  private let depth: Int

  public init(
    tokens: Int, depth: Int, heads: Int, keyValueHeads: Int, headWidth: Int, cacheFormat: String,
    instructionSet: String? = nil,
    threads: Int
  ) throws {
    compute = Compute(threads: threads, instructionSet: instructionSet.flatMap(InstructionSet.init(rawValue:)) ?? .best)
    cache = try KeyValueCache(
      layerCount: 1, headCount: keyValueHeads, headWidth: headWidth, sequenceCount: 1, capacity: depth + tokens,
      format: CacheFormat(rawValue: cacheFormat) ?? .f32)
    queries = Activations(rows: tokens, columns: heads * headWidth)
    keys = Activations(rows: tokens, columns: keyValueHeads * headWidth)
    output = Activations(columns: heads * headWidth)
    self.depth = depth
    _ = try cache.append(Array(repeating: 0, count: depth))
  }

  /// Bytes of the cache that one token reads.
  public var bytes: Int { cache.bytesRead(length: depth) }

  public func run() throws {
    cache.truncate(sequence: 0, to: depth)
    let positions = try cache.append(Array(repeating: 0, count: queries.rows))
    compute.attend(
      queries: queries, keys: keys, values: keys, positions: positions, layer: 0, cache: cache, scale: 0.1, into: output
    )
  }
}

/// What this machine can do, measured now.
public func machineLimits(threads: Int) throws -> (readGigabytesPerSecond: Double, peakGops: [String: Double]) {
  let probe = MachineProbe(threads: threads)
  let peaks = WeightFormat.general.map { ($0.rawValue, probe.peakGops($0)) }
  return (try probe.readBandwidth(), Dictionary(uniqueKeysWithValues: peaks))
}
