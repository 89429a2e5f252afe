/// What becomes of a gate and what it lets through.
package enum GatedActivation: Sendable, Equatable {
  /// silu(gate) · up, silu(x) = x / (1 + e^−x).
  case silu
  /// (up + 1) · gate / (1 + e^(−slope · gate)), the gate at most `limit`, up within ± `limit` (gpt-oss).
  case clamped(limit: Float, slope: Float)
}
