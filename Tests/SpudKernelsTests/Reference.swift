// The operations of the module as plain loops in double precision, written to be read.
import SpudKernels
import SpudSupport

struct Random {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> UInt64 { generator.next() }

  /// Roughly normal, of unit variance.
  mutating func value() -> Float {
    var sum: Float = 0
    for _ in 0..<4 { sum += Float(next() >> 40) / Float(1 << 24) - 0.5 }
    return sum * 1.732
  }

  mutating func values(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in value() * scale } }
  mutating func below(_ bound: Int) -> Int { generator.index(below: bound) }
}

enum Reference {
  /// y[r] = Σ_c x[c] · w[r, c].
  static func multiply(_ x: [Float], _ weights: [Float], rows: Int) -> [Double] {
    (0..<rows).map { row in
      var sum = 0.0
      for (column, value) in x.enumerated() { sum += Double(value) * Double(weights[row * x.count + column]) }
      return sum
    }
  }

  /// The nearest bfloat16, ties to even.
  static func bfloat16(_ x: Float) -> Float {
    let bits = x.bitPattern
    return Float(bitPattern: (bits &+ 0x7fff &+ bits >> 16 & 1) & 0xffff_0000)
  }

  static func silu(_ x: Double) -> Double { x / (1 + exponential(-x)) }

  static func exponential(_ x: Double) -> Double {
    // exp(x) = exp(x / 1024)^1024, by its series.
    let small = x / 1024
    var term = 1.0
    var sum = 1.0
    for n in 1..<20 {
      term *= small / Double(n)
      sum += term
    }
    for _ in 0..<10 { sum *= sum }
    return sum
  }

  /// down(silu(gate x) · up x).
  static func feedForward(_ x: [Float], gate: [Float], up: [Float], down: [Float], expertWidth: Int) -> [Double] {
    let gates = multiply(x, gate, rows: expertWidth)
    let ups = multiply(x, up, rows: expertWidth)
    let hidden = zip(gates, ups).map { Float(silu($0) * $1) }
    return multiply(hidden, down, rows: x.count)
  }

  /// The same with another activation, and with biases `[outputs]`.
  static func feedForward(
    _ x: [Float], gate: [Float], up: [Float], down: [Float], activation: GatedActivation,
    biases: (gate: [Float], up: [Float], down: [Float])
  ) -> [Double] {
    let gates = zip(multiply(x, gate, rows: biases.gate.count), biases.gate).map { $0 + Double($1) }
    let ups = zip(multiply(x, up, rows: biases.up.count), biases.up).map { $0 + Double($1) }
    let hidden = zip(gates, ups).map { gate, up in
      switch activation {
      case .silu: return Float(silu(gate) * up)
      case .clamped(let limit, let slope):
        let gate = min(gate, Double(limit))
        let up = max(-Double(limit), min(up, Double(limit)))
        return Float((up + 1) * gate / (1 + exponential(-Double(slope) * gate)))
      }
    }
    return zip(multiply(hidden, down, rows: x.count), biases.down).map { $0 + Double($1) }
  }

  /// One query against `keys` and `values`, `[positions][headWidth]`, and against a sink, a logit without a value.
  static func attend(
    _ query: [Float], keys: [[Float]], values: [[Float]], scale: Float, sink: Float = -.infinity
  ) -> [Double] {
    let scores = keys.map { multiply(query, $0, rows: 1)[0] * Double(scale) }
    let best = max(scores.max() ?? 0, Double(sink))
    let weights = scores.map { exponential($0 - best) }
    let sum = weights.reduce(sink.isFinite ? exponential(Double(sink) - best) : 0, +)
    return query.indices.map { column in
      zip(weights, values).reduce(0) { $0 + $1.0 * Double($1.1[column]) } / sum
    }
  }
}

/// The largest |a - b|, relative to the root mean square of `b`.
func difference(_ a: [Float], _ b: [Double]) -> Double {
  let scale = (b.reduce(0) { $0 + $1 * $1 } / Double(max(b.count, 1))).squareRoot()
  return zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / max(scale, 1e-30)
}

extension Activations {
  convenience init(_ rows: [[Float]]) {
    self.init(rows: rows.count, columns: rows.first?.count ?? 1)
    for (index, row) in rows.enumerated() { self[index] = row }
  }

  var allRows: [[Float]] { (0..<rows).map { self[$0] } }
}
