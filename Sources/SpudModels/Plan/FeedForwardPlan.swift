package import SpudKernels

/// The second half of a layer.
package enum FeedForwardPlan: Sendable, Equatable {
  case dense(DensePlan)
  case experts(ExpertsPlan)
}

/// One SwiGLU block: down(silu(gate(x)) · up(x)).
package struct DensePlan: Sendable, Equatable {
  package var width: Int
  package var gate: ProjectionPlan  // [width, modelWidth]
  package var up: ProjectionPlan  // [width, modelWidth]
  package var down: ProjectionPlan  // [modelWidth, width]

  /// The biases of gate, up and down: all of them, or nil when the block has none.
  var biases: (gate: TensorPlan, up: TensorPlan, down: TensorPlan)? {
    guard let gate = gate.bias, let up = up.bias, let down = down.bias else { return nil }
    return (gate, up, down)
  }
}

/// A router, and the gated blocks among which it chooses for each token: down(activation(gate(x), up(x))).
package struct ExpertsPlan: Sendable, Equatable {
  package var router: RouterPlan
  package var expertCount: Int
  package var expertsPerToken: Int
  /// The width of one expert.
  package var width: Int
  /// How Hugging Face checkpoints may hold the experts; the first form whose tensors are there is the one.
  package var forms: [ExpertForm]
  /// The same in GGUF, as it is written first.
  package var ggufForms: [ExpertForm]
  package var activation = GatedActivation.silu
  /// Whether a bias is added to each product; the tensors of biases lie as those of weights do.
  package var isBiased = false
}

/// How experts are chosen and weighed.
package enum RouterPlan: Sendable, Equatable {
  /// p = softmax(weight · x) over all experts, of which the largest are kept; `isNormalized` makes those sum to 1. The
  /// weight is `[expertCount, modelWidth]` and stays float32: a rounded router picks other experts.
  case softmax(weight: TensorPlan, isNormalized: Bool)
  /// The experts of the largest weight · x + bias, weighed by the softmax over those alone (gpt-oss). Float32 too.
  case softmaxOfBest(ProjectionPlan)
}

/// How a layer's experts lie in a checkpoint. `@` stands for the expert's number.
package enum ExpertForm: Sendable, Equatable {
  /// Three matrices for each expert.
  case separate(gate: String, up: String, down: String)
  /// `[experts, 2 · width, modelWidth]`, each expert's gate above its up; and `[experts, modelWidth, width]`.
  case fused(gateUp: String, down: String)
  /// The same, gate in even rows and up in odd ones.
  case interleaved(gateUp: String, down: String)
  /// The same with inputs first: `[experts, modelWidth, 2 · width]`, gate in even columns and up in odd ones; and
  /// `[experts, width, modelWidth]`.
  case transposed(gateUp: String, down: String)
  /// `[experts, width, modelWidth]` twice, and `[experts, modelWidth, width]`.
  case stacked(gate: String, up: String, down: String)

  /// A tensor that this form has and the others lack.
  var mark: String {
    switch self {
    case .separate(let gate, _, _): Self.fill(gate, expert: 0)
    case .fused(let gateUp, _), .interleaved(let gateUp, _), .transposed(let gateUp, _): gateUp
    case .stacked(let gate, _, _): gate
    }
  }

  /// The tensors of this form that hold gate and up, for so many experts.
  func gateUpNames(expertCount: Int) -> [String] {
    switch self {
    case .separate(let gate, let up, _):
      (0..<expertCount).flatMap { expert in [gate, up].map { Self.fill($0, expert: expert) } }
    case .fused(let gateUp, _), .interleaved(let gateUp, _), .transposed(let gateUp, _): [gateUp]
    case .stacked(let gate, let up, _): [gate, up]
    }
  }

  /// The tensors of this form that hold down, for so many experts.
  func downNames(expertCount: Int) -> [String] {
    switch self {
    case .separate(_, _, let down): (0..<expertCount).map { Self.fill(down, expert: $0) }
    case .fused(_, let down), .interleaved(_, let down), .transposed(_, let down), .stacked(_, _, let down): [down]
    }
  }

  /// This form with every name put through `spelling`.
  func renamed(_ spelling: (String) -> String) -> ExpertForm {
    switch self {
    case .separate(let gate, let up, let down): .separate(gate: spelling(gate), up: spelling(up), down: spelling(down))
    case .fused(let gateUp, let down): .fused(gateUp: spelling(gateUp), down: spelling(down))
    case .interleaved(let gateUp, let down): .interleaved(gateUp: spelling(gateUp), down: spelling(down))
    case .transposed(let gateUp, let down): .transposed(gateUp: spelling(gateUp), down: spelling(down))
    case .stacked(let gate, let up, let down): .stacked(gate: spelling(gate), up: spelling(up), down: spelling(down))
    }
  }

  /// What the biases are called: `name.bias` beside `name.weight`, `name_bias` beside `name`.
  static func biasName(of name: String) -> String {
    name.hasSuffix(".weight") ? "\(name.dropLast("weight".count))bias" : "\(name)_bias"
  }

  static func fill(_ pattern: String, expert: Int) -> String { pattern.replacing("@", with: String(expert)) }
}
