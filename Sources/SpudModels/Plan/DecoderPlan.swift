/// What architectures have in common: the width of the model, its heads, its rotary positions, and the tensors that
/// nearly all of them name alike. An architecture starts from it and says what is its own.
struct DecoderPlan {
  /// Which projections of attention have a bias.
  enum Biases {
    case none
    case queryKeyValue
    case all
  }

  /// Which norm queries and keys have; see `GroupedAttentionPlan.HeadNorm`.
  enum HeadNorm {
    case none
    case perHead
    case fullWidth
  }

  let vocabularyCount: Int
  let modelWidth: Int
  let layerCount: Int
  let headCount: Int
  let keyValueHeadCount: Int
  let headWidth: Int
  let contextLength: Int
  /// How many positions each layer sees, its own included; nil is all. Empty where no layer has a window.
  let windows: [Int?]
  let epsilon: Float
  let rotary: RotaryPlan
  let isTied: Bool

  /// One plan for each layer, given its number.
  func layers(_ plan: (Int) throws -> LayerPlan) rethrows -> [LayerPlan] { try (0..<layerCount).map(plan) }

  /// A layer under the usual names, its blocks given.
  ///
  /// - Parameter ggufNorm: What GGUF calls the norm before the second block.
  func layer(
    _ layer: Int, _ attention: GroupedAttentionPlan, _ feedForward: FeedForwardPlan, ggufNorm: String = "ffn_norm"
  ) -> LayerPlan {
    LayerPlan(
      attentionNorm: norm("model.layers.\(layer).input_layernorm.weight", gguf: "blk.\(layer).attn_norm.weight"),
      attention: .grouped(attention),
      feedForwardNorm: norm(
        "model.layers.\(layer).post_attention_layernorm.weight", gguf: "blk.\(layer).\(ggufNorm).weight"),
      feedForward: feedForward)
  }

  func norm(_ name: String, gguf: String) -> NormPlan {
    .rootMeanSquare(weight: TensorPlan(name, gguf: gguf, shape: [modelWidth]), epsilon: epsilon)
  }

  /// Grouped attention under the usual names.
  func attention(
    _ layer: Int, biases: Biases, headNorm: HeadNorm = .none, clip: Float? = nil
  ) -> GroupedAttentionPlan {
    let queryWidth = headCount * headWidth
    let keyWidth = keyValueHeadCount * headWidth
    func projection(_ name: String, gguf: String, _ outputs: Int, _ inputs: Int, isBiased: Bool) -> ProjectionPlan {
      ProjectionPlan(
        "model.layers.\(layer).self_attn.\(name)", gguf: "blk.\(layer).\(gguf)", outputs: outputs, inputs: inputs,
        isBiased: isBiased)
    }
    func norm(_ name: String, gguf: String, _ width: Int) -> TensorPlan {
      TensorPlan(
        "model.layers.\(layer).self_attn.\(name).weight", gguf: "blk.\(layer).\(gguf).weight", shape: [width])
    }
    let isBiased = biases != .none
    let norms: GroupedAttentionPlan.HeadNorm =
      switch headNorm {
      case .none: .none
      case .perHead:
        .perHead(
          query: norm("q_norm", gguf: "attn_q_norm", headWidth), key: norm("k_norm", gguf: "attn_k_norm", headWidth),
          epsilon: epsilon)
      case .fullWidth:
        .fullWidth(
          query: norm("q_norm", gguf: "attn_q_norm", queryWidth), key: norm("k_norm", gguf: "attn_k_norm", keyWidth),
          epsilon: epsilon)
      }
    return GroupedAttentionPlan(
      headCount: headCount, keyValueHeadCount: keyValueHeadCount, headWidth: headWidth, rotary: rotary,
      query: projection("q_proj", gguf: "attn_q", queryWidth, modelWidth, isBiased: isBiased),
      key: projection("k_proj", gguf: "attn_k", keyWidth, modelWidth, isBiased: isBiased),
      value: projection("v_proj", gguf: "attn_v", keyWidth, modelWidth, isBiased: isBiased),
      output: projection("o_proj", gguf: "attn_output", modelWidth, queryWidth, isBiased: biases == .all),
      headNorm: norms, clip: clip, window: windows.isEmpty ? nil : windows[layer])
  }

  /// A dense block under the usual names.
  func dense(_ layer: Int, width: Int, isBiased: Bool = false) -> FeedForwardPlan {
    func projection(_ name: String, gguf: String, _ outputs: Int, _ inputs: Int) -> ProjectionPlan {
      ProjectionPlan(
        "model.layers.\(layer).mlp.\(name)", gguf: "blk.\(layer).\(gguf)", outputs: outputs, inputs: inputs,
        isBiased: isBiased)
    }
    return .dense(
      DensePlan(
        width: width, gate: projection("gate_proj", gguf: "ffn_gate", width, modelWidth),
        up: projection("up_proj", gguf: "ffn_up", width, modelWidth),
        down: projection("down_proj", gguf: "ffn_down", modelWidth, width)))
  }

  /// A router's weight; checkpoints call it by the first of `names` that they have.
  func router(_ layer: Int, _ names: [String], expertCount: Int) -> TensorPlan {
    var plan = TensorPlan(gguf: "blk.\(layer).ffn_gate_inp.weight", shape: [expertCount, modelWidth])
    plan.names = names.map { "model.layers.\(layer).\($0)" }
    return plan
  }

  /// How GGUF files hold the experts of a layer; the oldest of Mixtral hold each for itself.
  ///
  /// Source: `gguf-py/gguf/tensor_mapping.py` of ggml-org/llama.cpp.
  func ggufExperts(_ layer: Int) -> [ExpertForm] {
    let name = "blk.\(layer).ffn_"
    return [
      .stacked(gate: "\(name)gate_exps.weight", up: "\(name)up_exps.weight", down: "\(name)down_exps.weight"),
      .separate(gate: "\(name)gate.@.weight", up: "\(name)up.@.weight", down: "\(name)down.@.weight"),
    ]
  }

  /// Experts fused in two tensors: how `transformers` 5 writes them.
  func fusedExperts(_ layer: Int, under module: String) -> ExpertForm {
    .fused(
      gateUp: "model.layers.\(layer).\(module).gate_up_proj", down: "model.layers.\(layer).\(module).down_proj")
  }
}
