internal import SpudKernels

/// gpt-oss: grouped-query attention with sinks, in every other layer over a window, and biased experts in all.
///
///     h ← h + Attention(norm(h))       all projections biased; YaRN; a sink for each head; layers 0, 2, … windowed
///     h ← h + Experts(norm(h))         biased router, the best k, softmax over those alone
///     expert(x) = down((up + 1) · gate · σ(alpha · gate)), gate ≤ limit, up within ± limit, each projection W·x + b
///
/// Published checkpoints hold the experts in MXFP4, rows of gate and up in turn; others hold them with inputs first.
/// GGUF has neither `alpha` nor `limit`, nor which layers have the window, nor that YaRN's ends are not rounded.
///
/// Paper: gpt-oss-120b & gpt-oss-20b Model Card, arXiv 2508.10925. Reference: `modeling_gpt_oss.py` of
/// huggingface/transformers 5.23.0.
enum GptOSS: ArchitectureDescription {
  static let ggufName = "gpt-oss"
  static let ggufActivation = GatedActivation.clamped(limit: 7, slope: 1.702)
  static let ggufTruncatesYaRN = false
  static let hasExperts = true

  private typealias Limits = ModelConfiguration.Limits

  static func ggufHasWindow(_ layer: Int) -> Bool { layer % 2 == 0 }

  static func configuration(_ settings: Settings) throws -> ModelConfiguration {
    var yarn = RotaryTable.YaRN(factor: 32, originalContext: 4096)
    yarn.truncates = false
    let decoder = try DecoderPlan(
      settings, headWidth: 64, rotaryBase: 150_000, scaling: .yarn(yarn), epsilon: 1e-5,
      window: .everyOther(byDefault: 128))
    let biases = try settings.attentionBiases("attention_bias", byDefault: true)
    let expertCount = try settings.int("num_local_experts", "num_experts", gguf: "expert_count", in: Limits.experts)
    let expertsPerToken = try settings.int(
      "num_experts_per_tok", "experts_per_token", gguf: "expert_used_count", in: Limits.experts)
    let width = try settings.expertWidth("intermediate_size")
    let activation = GatedActivation.clamped(
      limit: Float(try settings.optionalDouble("swiglu_limit", gguf: nil, in: DecoderPlan.positive) ?? 7),
      slope: Float(try settings.optionalDouble("swiglu_alpha", gguf: nil, in: DecoderPlan.positive) ?? 1.702))
    let isQuantized = settings.isQuantized
    return ModelConfiguration(
      .gptOSS, decoder,
      layers: decoder.layers { layer in
        var attention = decoder.attention(layer, biases: biases)
        attention.sinks = TensorPlan(
          "model.layers.\(layer).self_attn.sinks", gguf: "blk.\(layer).attn_sinks.weight", shape: [decoder.headCount])
        let router = ProjectionPlan(
          "model.layers.\(layer).mlp.router", gguf: "blk.\(layer).ffn_gate_inp", outputs: expertCount,
          inputs: decoder.modelWidth, isBiased: true)
        let experts = ExpertsPlan(
          router: .softmaxOfBest(router), expertCount: expertCount, expertsPerToken: expertsPerToken, width: width,
          forms: [form(layer, isQuantized: isQuantized)], ggufForms: decoder.ggufExperts(layer),
          activation: activation, isBiased: true)
        return decoder.layer(layer, attention, .experts(experts), ggufNorm: "post_attention_norm")
      })
  }

  /// The two forms have the same names, and 20b's matrices are square: only the settings tell them apart.
  private static func form(_ layer: Int, isQuantized: Bool) -> ExpertForm {
    let name = "model.layers.\(layer).mlp.experts"
    return isQuantized
      ? .interleaved(gateUp: "\(name).gate_up_proj", down: "\(name).down_proj")
      : .transposed(gateUp: "\(name).gate_up_proj", down: "\(name).down_proj")
  }
}
