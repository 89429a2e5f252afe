#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension Compute {
  /// gate[t, c] ← silu(gate[t, c]) · up[t, c], silu(x) = x / (1 + e^−x), for blocks whose biases keep gate and up from
  /// sharing panels.
  package func swiGLU(_ gate: Activations, by up: Activations) {
    precondition(gate.rows == up.rows && gate.columns == up.columns, "a gate of another shape")
    for row in 0..<gate.rows {
      var gates = gate.mutableRow(row)
      let values = up.row(row)
      for column in values.indices {
        gates[column] = gates[column] / (1 + exp(-gates[column])) * values[column]
      }
    }
  }
}
