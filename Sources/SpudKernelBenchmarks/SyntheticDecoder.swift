internal import SpudKernels

/// A decoder of random weights in the shape of a real one: what a token costs, without a model file.
///
/// Every layer has weights of its own, so that they are read from memory and not from a cache.
public final class SyntheticDecoder {
  /// The widths and counts of a decoder.
  public struct Shape: Sendable {
    public var width: Int
    public var layers: Int
    public var heads: Int
    public var keyValueHeads: Int
    public var headWidth: Int
    public var experts: Int
    public var expertsPerToken: Int
    public var expertWidth: Int
    public var vocabulary: Int

    /// OLMoE-1B-7B's layers; fewer of them are enough to time one.
    public static func olmoe(layers: Int = 16) -> Shape {
      Shape(
        width: 2048, layers: layers, heads: 16, keyValueHeads: 16, headWidth: 128, experts: 64, expertsPerToken: 8,
        expertWidth: 1024, vocabulary: 50304)
    }

    /// Small enough for the caches.
    public static let toy = Shape(
      width: 384, layers: 6, heads: 6, keyValueHeads: 2, headWidth: 64, experts: 16, expertsPerToken: 2,
      expertWidth: 384,
      vocabulary: 8192)

    /// Multiply-adds that one token takes in products with weights, without the vocabulary's.
    public var multiplyAddsPerToken: Int {
      layers
        * (width * headWidth * (2 * heads + 2 * keyValueHeads) + 3 * expertsPerToken * width * expertWidth + experts
          * width)
    }
  }

  /// What can be changed from outside.
  public struct Options: Sendable {
    /// Of all matrices but the router's, by name, as `q4_0` or `q4_k`.
    public var format = "q8_0"
    /// `f32`, `bf16` or `q8`.
    public var cacheFormat = "bf16"
    /// `portable`, `avx2` or `avx512`; nil is the best.
    public var instructionSet: String?
    public var threads = 2
    public var sequences = 1
    public var capacity = 1024
    public init() {}
  }

  public let shape: Shape
  private let compute: Compute
  private let layers: [Layer]
  private let embedding: WeightMatrix
  private let cache: KeyValueCache
  private let buffers: Buffers
  private let norm: [Float]
  private let headNorm: [Float]
  private let rotary: RotaryTable
  private var routing: RoutingTable

  private struct Layer {
    let queries: WeightMatrix
    let keys: WeightMatrix
    let values: WeightMatrix
    let output: WeightMatrix
    let router: WeightMatrix
    let experts: ExpertWeights
  }

  private struct Buffers {
    let hidden, normalized, queries, keys, values, attended, routed, last, logits: Activations
  }

  /// - Throws: what the system says when there is no memory.
  public init(shape: Shape, options: Options) throws {
    self.shape = shape
    let level = options.instructionSet.flatMap(InstructionSet.init(rawValue:)) ?? .best
    compute = Compute(threads: options.threads, instructionSet: level)
    let format = WeightFormat(rawValue: options.format) ?? .q8_0
    var source = RandomBlocks()
    let compute = compute
    func matrix(_ rows: Int, _ columns: Int, _ format: WeightFormat) throws -> WeightMatrix {
      let matrix = try WeightMatrix(rows: rows, columns: columns, format: format)
      try source.fill(matrix, compute: compute)
      return matrix
    }
    layers = try (0..<shape.layers).map { _ in
      let experts = try ExpertWeights(
        expertCount: shape.experts, width: shape.width, expertWidth: shape.expertWidth, format: format)
      try source.fill(experts, compute: compute)
      return try Layer(
        queries: matrix(shape.heads * shape.headWidth, shape.width, format),
        keys: matrix(shape.keyValueHeads * shape.headWidth, shape.width, format),
        values: matrix(shape.keyValueHeads * shape.headWidth, shape.width, format),
        output: matrix(shape.width, shape.heads * shape.headWidth, format),
        router: matrix(shape.experts, shape.width, .f32), experts: experts)
    }
    embedding = try matrix(shape.vocabulary, shape.width, format)
    cache = try KeyValueCache(
      layerCount: shape.layers, headCount: shape.keyValueHeads, headWidth: shape.headWidth,
      sequenceCount: options.sequences,
      capacity: options.capacity, format: CacheFormat(rawValue: options.cacheFormat) ?? .bf16)
    buffers = Buffers(
      hidden: Activations(columns: shape.width), normalized: Activations(columns: shape.width),
      queries: Activations(columns: shape.heads * shape.headWidth),
      keys: Activations(columns: shape.keyValueHeads * shape.headWidth),
      values: Activations(columns: shape.keyValueHeads * shape.headWidth),
      attended: Activations(columns: shape.heads * shape.headWidth), routed: Activations(columns: shape.experts),
      last: Activations(columns: shape.width), logits: Activations(columns: shape.vocabulary))
    norm = Array(repeating: 1, count: shape.width)
    headNorm = Array(repeating: 1, count: shape.headWidth)
    rotary = RotaryTable(width: shape.headWidth, base: 1e6)
    routing = RoutingTable(expertCount: shape.experts, expertsPerToken: shape.expertsPerToken)
  }

  /// Bytes of weights that one token reads, the vocabulary's included.
  public var bytesPerToken: Int {
    layers.reduce(embedding.byteCount) { sum, layer in
      sum + layer.queries.byteCount + layer.keys.byteCount + layer.values.byteCount + layer.output.byteCount
        + layer.router.byteCount + layer.experts.bytesPerExpert * shape.expertsPerToken
    }
  }

  /// Bytes of the cache that one more token of a sequence of `length` reads.
  public func cacheBytes(length: Int) -> Int { cache.bytesRead(length: length) }

  /// Pretends that every sequence holds `length` positions.
  public func setDepth(_ length: Int) throws {
    cache.reset()
    for sequence in 0..<cache.sequenceCount {
      _ = try cache.append(Array(repeating: Int32(sequence), count: length))
    }
  }

  /// One forward pass over `tokensPerSequence` tokens of every sequence, with logits for the last of each.
  public func forward(tokensPerSequence: Int) throws {
    let sequences = (0..<cache.sequenceCount).flatMap { Array(repeating: Int32($0), count: tokensPerSequence) }
    let positions = try cache.append(sequences)
    let tokens = sequences.indices.map { Int32(($0 * 7919 + 13) % shape.vocabulary) }
    compute.gather(tokens, from: .packed(embedding), into: buffers.hidden)
    let scale = 1 / Float(shape.headWidth).squareRoot()
    for (index, layer) in layers.enumerated() {
      compute.normalize(buffers.hidden, weight: norm, epsilon: 1e-6, into: buffers.normalized)
      compute.multiply(
        buffers.normalized, by: [layer.queries, layer.keys, layer.values],
        into: [buffers.queries, buffers.keys, buffers.values])
      compute.normalize(
        buffers.queries, weight: headNorm, epsilon: 1e-6, groupWidth: shape.headWidth, into: buffers.queries)
      compute.normalize(buffers.keys, weight: headNorm, epsilon: 1e-6, groupWidth: shape.headWidth, into: buffers.keys)
      compute.rotate(buffers.queries, headWidth: shape.headWidth, positions: positions, table: rotary)
      compute.rotate(buffers.keys, headWidth: shape.headWidth, positions: positions, table: rotary)
      compute.attend(
        queries: buffers.queries, keys: buffers.keys, values: buffers.values, positions: positions, layer: index,
        cache: cache,
        scale: scale, into: buffers.attended)
      compute.multiply(buffers.attended, by: layer.output, addingInto: buffers.hidden)
      compute.normalize(buffers.hidden, weight: norm, epsilon: 1e-6, into: buffers.normalized)
      compute.multiply(buffers.normalized, by: layer.router, into: buffers.routed)
      compute.route(buffers.routed, by: .softmax(isNormalized: true), into: &routing)
      compute.mixExperts(buffers.normalized, routing: routing, weights: layer.experts, addingInto: buffers.hidden)
    }
    buffers.last.resize(rows: cache.sequenceCount)
    for sequence in 0..<cache.sequenceCount {
      buffers.last[sequence] = buffers.hidden[(sequence + 1) * tokensPerSequence - 1]
    }
    compute.normalize(buffers.last, weight: norm, epsilon: 1e-6, into: buffers.last)
    compute.multiply(buffers.last, by: embedding, into: buffers.logits)
  }

  /// Measured now: bytes read a second, and operations a second of the format's products, all threads together.
  public func limits() throws -> (readGigabytesPerSecond: Double, peakGops: Double, forkJoinNanoseconds: Double) {
    let probe = MachineProbe(sharing: compute)
    return (try probe.readBandwidth(), probe.peakGops(embedding.format), probe.forkJoinNanoseconds())
  }
}
