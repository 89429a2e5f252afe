internal import Foundation
internal import SpudErrors
internal import SpudSupport
internal import SpudTensors

/// A Qwen3-MoE checkpoint with random weights: it knows nothing, and costs what a trained one of its shape costs.
struct RandomModel {
  var shape: ModelShape
  var contextLength: Int
  var seed: UInt64

  /// Writes `config.json` and `model.safetensors` into `directory`, which is made if need be.
  ///
  /// - Throws: `io` when a file cannot be written.
  func write(to directory: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try Data(configuration.serialized).write(to: URL(fileURLWithPath: directory + "/config.json"))
    } catch {
      throw SpudError(.io, "\(directory) cannot be written: \(error.localizedDescription)")
    }
    var generator = SeededGenerator(seed: seed)
    var writer = SafetensorsWriter()
    func add(_ name: String, _ dimensions: Int...) {
      writer.add(name, .bf16, shape: dimensions, bytes: weights(dimensions.reduce(1, *), &generator))
    }
    func addNorm(_ name: String, _ width: Int) {
      // 1.0 is 0x3F80 in bfloat16.
      writer.add(name, .bf16, shape: [width], bytes: (0..<width).flatMap { _ in [0x80, 0x3F] as [UInt8] })
    }
    let width = shape.modelWidth
    add("model.embed_tokens.weight", shape.vocabulary, width)
    if !shape.sharesEmbedding { add("lm_head.weight", shape.vocabulary, width) }
    addNorm("model.norm.weight", width)
    for layer in 0..<shape.layers {
      let prefix = "model.layers.\(layer)."
      addNorm(prefix + "input_layernorm.weight", width)
      addNorm(prefix + "post_attention_layernorm.weight", width)
      addNorm(prefix + "self_attn.q_norm.weight", shape.headWidth)
      addNorm(prefix + "self_attn.k_norm.weight", shape.headWidth)
      add(prefix + "self_attn.q_proj.weight", shape.heads * shape.headWidth, width)
      add(prefix + "self_attn.k_proj.weight", shape.keyValueHeads * shape.headWidth, width)
      add(prefix + "self_attn.v_proj.weight", shape.keyValueHeads * shape.headWidth, width)
      add(prefix + "self_attn.o_proj.weight", width, shape.heads * shape.headWidth)
      add(prefix + "mlp.gate.weight", shape.experts, width)
      for expert in 0..<shape.experts {
        add(prefix + "mlp.experts.\(expert).gate_proj.weight", shape.feedForwardWidth, width)
        add(prefix + "mlp.experts.\(expert).up_proj.weight", shape.feedForwardWidth, width)
        add(prefix + "mlp.experts.\(expert).down_proj.weight", width, shape.feedForwardWidth)
      }
    }
    try writer.write(to: directory + "/model.safetensors")
  }

  /// `count` weights in bfloat16, evenly between −0.06 and 0.06 but for the rounding.
  private func weights(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count * 2)
    var bits: UInt64 = 0
    for index in 0..<count {
      if index % 4 == 0 { bits = generator.next() }
      let fraction = Float(Int16(truncatingIfNeeded: bits)) / 32768 * 0.06
      bits >>= 16
      let pattern = fraction.bitPattern >> 16
      bytes[index * 2] = UInt8(truncatingIfNeeded: pattern)
      bytes[index * 2 + 1] = UInt8(truncatingIfNeeded: pattern >> 8)
    }
    return bytes
  }

  private var configuration: JSONValue {
    .object(
      JSONObject([
        ("model_type", .string("qwen3_moe")), ("architectures", .array([.string("Qwen3MoeForCausalLM")])),
        ("vocab_size", .number(shape.vocabulary)), ("hidden_size", .number(shape.modelWidth)),
        ("intermediate_size", .number(shape.feedForwardWidth)), ("num_hidden_layers", .number(shape.layers)),
        ("num_attention_heads", .number(shape.heads)), ("num_key_value_heads", .number(shape.keyValueHeads)),
        ("head_dim", .number(shape.headWidth)), ("max_position_embeddings", .number(contextLength)),
        ("rms_norm_eps", .number(1e-6)), ("rope_theta", .number(1_000_000)), ("hidden_act", .string("silu")),
        ("attention_bias", .bool(false)), ("num_experts", .number(shape.experts)),
        ("num_experts_per_tok", .number(shape.expertsPerToken)),
        ("moe_intermediate_size", .number(shape.feedForwardWidth)), ("norm_topk_prob", .bool(true)),
        ("decoder_sparse_step", .number(1)), ("mlp_only_layers", .array([])),
        ("tie_word_embeddings", .bool(shape.sharesEmbedding)), ("torch_dtype", .string("bfloat16")),
      ]))
  }
}
