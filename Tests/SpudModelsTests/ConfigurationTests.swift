import SpudErrors
import Foundation
import SpudErrors
import SpudKernels
import SpudModels
import SpudTensors
import Testing

@Suite("Configurations")
struct ConfigurationTests {
  @Test(
    "a sliding window belongs to the layers that the configuration says",
    arguments: [
      ("mixtral", "20", nil, [20, 20]), ("mixtral", "null", nil, [nil, nil]),
      ("qwen2-untied", "20", "true", [nil, 20]), ("qwen2-untied", "20", "false", [nil, nil]),
      ("gptoss", "20", nil, [20, nil, 20]), ("gptoss", "null", nil, [128, nil, 128]),
      ("qwen3-tied", "20", nil, [nil, nil]), ("qwen3moe-normalized", "20", "true", [20, 20]),
    ] as [(String, String, String?, [Int?])])
  func window(name: String, window: String, isUsed: String?, windows: [Int?]) throws {
    let copy = try FixtureCopy(of: name)
    let context = try copy.load().configuration.contextLength
    try copy.configure(["sliding_window": window, "use_sliding_window": isUsed])
    let configuration = try copy.load().configuration
    #expect(configuration.contextLength == context)
    let found = configuration.layers.map { layer in
      switch layer.attention {
      case .grouped(let plan): plan.window
      }
    }
    #expect(found == windows)
  }

  @Test("what gpt-oss's config.json leaves out is what its class has")
  func gptOSSDefaults() throws {
    let copy = try FixtureCopy(of: "gptoss")
    try copy.configure(["attention_bias": nil, "rope_scaling": nil, "rope_theta": nil])
    let configuration = try copy.load().configuration
    #expect(configuration.contextLength == 131_072)
    guard case .grouped(let attention) = configuration.layers[1].attention,
      case .experts(let experts) = configuration.layers[1].feedForward,
      case .yarn(let yarn) = attention.rotary.scaling
    else {
      Issue.record("another plan")
      return
    }
    #expect(attention.query.bias != nil && attention.output.bias != nil && attention.sinks?.shape == [6])
    #expect(attention.rotary.base == 150_000)
    #expect(yarn.factor == 32 && yarn.originalContext == 4096 && !yarn.truncates && yarn.attentionFactor == nil)
    #expect(experts.activation == .clamped(limit: 7, slope: 1.702) && experts.isBiased)
  }

  @Test("positions reach as far as the configuration stretches them")
  func reach() throws {
    let copy = try FixtureCopy(of: "llama-scaled")
    for (scaling, context) in [
      (#"{"type": "dynamic", "factor": 2}"#, 512), (#"{"type": "yarn", "factor": 4}"#, 1024),
      (#"{"type": "yarn", "factor": 2, "original_max_position_embeddings": 64}"#, 256),
      (#"{"type": "linear", "factor": 2}"#, 256),
    ] {
      try copy.configure(["rope_scaling": scaling])
      #expect(try copy.load().configuration.contextLength == context, "\(scaling)")
    }
    try copy.configure(["rope_scaling": #"{"type": "longrope", "short_factor": [1], "long_factor": [1]}"#])
    #expect(throws: SpudError.self) { try copy.load() }
  }

  private static let generation = [
    "eos_token_id": "[7,5]", "bos_token_id": "3", "pad_token_id": "4", "do_sample": "true", "temperature": "0.5",
    "top_k": "11", "top_p": "0.25", "min_p": "0.125", "repetition_penalty": "1.5", "max_new_tokens": "13",
  ]

  private func check(_ found: GenerationConfiguration) {
    #expect(found.endTokens == [7, 5])
    #expect(found.beginToken == 3)
    #expect(found.padToken == 4)
    #expect(found.isSampling == true)
    #expect(found.temperature == 0.5)
    #expect(found.topK == 11)
    #expect(found.topP == 0.25)
    #expect(found.minP == 0.125)
    #expect(found.repetitionPenalty == 1.5)
    #expect(found.tokenLimit == 13)
  }

  @Test("what is recommended for sampling is read from either file, each value from its key")
  func generation() throws {
    let copy = try FixtureCopy(of: "llama-scaled")
    try copy.configure(Self.generation)
    check(try copy.load().configuration.generation)
    let path = URL(fileURLWithPath: copy.path + "/generation_config.json")
    let other = Self.generation.mapValues { _ in "null" }
    // What generation_config.json leaves open, config.json says.
    let text = other.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    try Data("{\(text)}".utf8).write(to: path)
    check(try copy.load().configuration.generation)
    // Where both say something, generation_config.json counts.
    try copy.configure([
      "eos_token_id": "1", "bos_token_id": "1", "pad_token_id": "1", "do_sample": "false", "temperature": "1",
      "top_k": "1", "top_p": "1", "min_p": "1", "repetition_penalty": "1", "max_new_tokens": "1",
    ])
    let both = Self.generation.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    try Data("{\(both)}".utf8).write(to: path)
    check(try copy.load().configuration.generation)
  }

  @Test("a GGUF file's special tokens and hints are read, each from its key")
  func ggufGeneration() throws {
    let copy = try FixtureCopy(of: "qwen3-tied")
    let target = copy.path + "/model.gguf"
    func describe(_: ModelConfiguration, _ writer: inout GGUFWriter) {
      let ids: [(String, UInt32)] = [
        ("eos_token_id", 7), ("eot_token_id", 5), ("eom_token_id", 6), ("bos_token_id", 3), ("padding_token_id", 4),
      ]
      for (key, id) in ids { writer.set("tokenizer.ggml.\(key)", .uint32(id)) }
      writer.set("general.sampling.temp", .float32(0.5))
      writer.set("general.sampling.top_k", .int32(11))
      writer.set("general.sampling.top_p", .float32(0.25))
      writer.set("general.sampling.min_p", .float32(0.125))
    }
    try ModelExport.writeGGUF(from: copy.path, to: target, mix: .f32, describeText: describe)
    let found = try Checkpoint(path: target).configuration.generation
    #expect(found.endTokens == [7, 5, 6])
    #expect(found.beginToken == 3)
    #expect(found.padToken == 4)
    #expect(found.temperature == 0.5)
    #expect(found.topK == 11)
    #expect(found.topP == 0.25)
    #expect(found.minP == 0.125)
  }

  @Test("Qwen2 has biases on queries, keys and values, whatever attention_bias says, and not on the output")
  func qwen2Biases() throws {
    for name in ["qwen2-untied", "gguf-qwen2-f32"] {
      for layer in try Checkpoint(path: Fixture(name: name).modelPath).configuration.layers {
        switch layer.attention {
        case .grouped(let plan):
          #expect(plan.query.bias != nil && plan.key.bias != nil && plan.value.bias != nil)
          #expect(plan.output.bias == nil)
        }
      }
    }
  }
}
