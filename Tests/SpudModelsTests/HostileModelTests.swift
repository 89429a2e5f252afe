import Foundation
import SpudErrors
import SpudKernels
import SpudModels
import SpudTensors
import Testing

@Suite("Models that are not what they say")
struct HostileModelTests {
  static let shapeKeys = [
    "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size",
    "num_experts",
    "num_experts_per_tok", "moe_intermediate_size", "max_position_embeddings", "decoder_sparse_step",
  ]

  @Test(
    "a count that cannot be is refused, in one sentence that names its key",
    arguments: shapeKeys,
    ["0", "-1", "1.5", "2147483648", "9223372036854775807", "18446744073709551615", "1e300", "\"8\"", "[8]", "true"])
  func counts(key: String, value: String) throws {
    let copy = try FixtureCopy(of: "qwen3moe-normalized")
    try copy.configure([key: value])
    let error = #expect(throws: SpudError.self) { try copy.load() }
    #expect(error?.code == .badData)
    #expect(error?.message.contains("'\(key)'") == true)
  }

  @Test(
    "counts that are possible but not this checkpoint's are refused",
    arguments: [
      ("hidden_size", "40"), ("num_hidden_layers", "1"), ("num_hidden_layers", "3"), ("num_hidden_layers", "4096"),
      ("num_attention_heads", "2"), ("num_key_value_heads", "1"), ("num_key_value_heads", "3"), ("head_dim", "7"),
      ("head_dim", "1024"), ("vocab_size", "66"), ("vocab_size", "16777216"), ("num_experts", "4"),
      ("num_experts", "16384"),
      ("num_experts_per_tok", "6"), ("moe_intermediate_size", "24"), ("moe_intermediate_size", "1048576"),
      ("decoder_sparse_step", "2"), ("mlp_only_layers", "[0]"), ("mlp_only_layers", "[-1]"), ("mlp_only_layers", "0"),
      ("attention_bias", "true"), ("tie_word_embeddings", "0"), ("rms_norm_eps", "-1"), ("rms_norm_eps", "\"x\""),
      ("hidden_act", "\"gelu\""), ("model_type", "\"gpt2\""), ("model_type", "7"), ("rope_theta", "0"),
      ("rope_scaling", "{\"rope_type\":\"yarn\",\"factor\":0}"), ("rope_scaling", "{\"rope_type\":\"linear\"}"),
      ("rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":1}"),
      ("rope_scaling", "[]"), ("partial_rotary_factor", "0.5"),
    ])
  func contradictions(key: String, value: String) throws {
    let copy = try FixtureCopy(of: "qwen3moe-normalized")
    try copy.configure([key: value])
    #expect(throws: SpudError.self) { try copy.load() }
  }

  @Test("the choices are listed for a word that is not among them")
  func choices() throws {
    let copy = try FixtureCopy(of: "llama-scaled")
    try copy.configure(["model_type": "\"gpt2\""])
    let error = #expect(throws: SpudError.self) { try copy.load() }
    for architecture in Architecture.allCases { #expect(error?.message.contains("'\(architecture.rawValue)'") == true) }
  }

  @Test("a missing tensor, and one too many, are named")
  func tensors() throws {
    let copy = try FixtureCopy(of: "mixtral")
    try copy.configure(["num_local_experts": "5"])
    let missing = #expect(throws: SpudError.self) { try copy.load() }
    #expect(missing?.message.contains("block_sparse_moe") == true)
    try copy.configure(["num_local_experts": "4", "num_hidden_layers": "1"])
    let unused = #expect(throws: SpudError.self) { try copy.load() }
    #expect(unused?.message.contains("model.layers.1.") == true)
  }

  @Test(
    "an index that leads out of its directory, or to no shard, is refused",
    arguments: ["../x.safetensors", "/etc/passwd", "x", ""])
  func shards(name: String) throws {
    let copy = try FixtureCopy(of: "mixtral")
    let path = copy.path + "/model.safetensors.index.json"
    let index = #"{"weight_map":{"model.norm.weight":"\#(name)"}}"#
    try Data(index.utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: SpudError.self) { try copy.load() }
  }

  @Test("no model, no config.json, no weights, and files cut short are refused")
  func files() throws {
    #expect(throws: SpudError.self) { try Transformer.load(path: "/nowhere", compute: Compute(threads: 1)) }
    for name in ["config.json", "model.safetensors"] {
      let copy = try FixtureCopy(of: "llama-scaled")
      let path = copy.path + "/" + name
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      for length in [0, 1, 7, 8, 9, bytes.count / 2, bytes.count - 2] {
        try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(throws: SpudError.self) { try copy.load() }
      }
      try FileManager.default.removeItem(atPath: path)
      let error = #expect(throws: SpudError.self) { try copy.load() }
      #expect(error?.code == .noInput)
    }
  }

  @Test("a GGUF file's metadata changed at any byte crashes nothing")
  func ggufBytes() throws {
    let path = Fixture(name: "gguf-qwen3moe-f32").modelPath
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let copy = try FixtureCopy(of: "gguf-qwen3moe-f32")
    for position in stride(from: 0, to: 1200, by: 3) {
      var damaged = bytes
      damaged[position] = damaged[position] == 0xFF ? 0 : 0xFF
      try Data(damaged).write(to: URL(fileURLWithPath: copy.path + "/model.gguf"))
      _ = try? Transformer.load(path: copy.path + "/model.gguf", compute: Compute(threads: 1))
    }
  }
}
