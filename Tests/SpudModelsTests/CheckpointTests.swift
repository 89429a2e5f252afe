import Foundation
import SpudErrors
import SpudKernels
import SpudModels
import SpudTensors
import Testing

@Suite("Checkpoints as people save them")
struct CheckpointTests {
  private func check(_ copy: borrowing FixtureCopy, against fixture: String) throws {
    let golden = try Fixture(name: fixture).golden()
    let model = try Transformer.load(path: copy.path, compute: Compute(threads: 1), weightFormat: .f32)
    #expect(difference(try model.logits(of: golden.tokens), golden.logits) <= 1e-4)
    let path = copy.path + "/exported.gguf"
    try ModelExport.writeGGUF(from: copy.path, to: path, mix: .f32)
    let exported = try Transformer.load(path: path, compute: Compute(threads: 1))
    #expect(difference(try exported.logits(of: golden.tokens), golden.logits) <= 1e-4)
  }

  @Test(
    "a base model saved alone, whose names lack 'model.', is read where the embedding is the output",
    arguments: [
      "qwen3-tied", "qwen2-tied", "llama-biased", "mixtral-fused", "olmoe-normalized", "qwen3moe-sparse-step",
    ])
  func base(name: String) throws {
    let copy = try FixtureCopy(of: name)
    try copy.replaceTensors { tensors in
      tensors.map { .init(name: String($0.name.dropFirst("model.".count)), shape: $0.shape, values: $0.values) }
    }
    try check(copy, against: name)
  }

  @Test("without prefix and with a head of its own", arguments: ["qwen2-untied", "llama-mlp-biased"])
  func baseWithHead(name: String) throws {
    let copy = try FixtureCopy(of: name)
    try copy.replaceTensors { tensors in
      tensors.map { tensor in
        let isHead = tensor.name == "lm_head.weight"
        return .init(
          name: isHead ? tensor.name : String(tensor.name.dropFirst("model.".count)), shape: tensor.shape,
          values: tensor.values)
      }
    }
    try check(copy, against: name)
  }

  @Test("a base model that has no output is refused in words that say so")
  func headless() throws {
    let copy = try FixtureCopy(of: "qwen2-untied")
    try copy.replaceTensors { $0.filter { $0.name != "lm_head.weight" } }
    let error = #expect(throws: SpudError.self) { try copy.load() }
    #expect(error?.code == .badData)
    #expect(error?.message.contains("'lm_head.weight'") == true)
    #expect(error?.message.contains("'tie_word_embeddings'") == true)
  }

  @Test(
    "extra tensors of size zero say nothing, whatever they are called",
    arguments: [
      ("model.layers.0.empty", [0]), ("lm_head.weight", [0, 32]), ("model.layers.1.mlp.experts.gate_up_proj", [0]),
      ("zero", [3, 0, 2]),
    ])
  func empty(name: String, shape: [Int]) throws {
    let copy = try FixtureCopy(of: "qwen3-tied")
    try copy.replaceTensors { $0 + [.init(name: name, shape: shape, values: [])] }
    try check(copy, against: "qwen3-tied")
  }

  @Test("an extra tensor that holds something is refused, and one that is needed may not be empty")
  func notEmpty() throws {
    let copy = try FixtureCopy(of: "qwen3-tied")
    try copy.replaceTensors { $0 + [.init(name: "model.layers.0.full", shape: [1], values: [0])] }
    let full = #expect(throws: SpudError.self) { try copy.load() }
    #expect(full?.message.contains("model.layers.0.full") == true)
    try copy.replaceTensors { tensors in
      tensors.map { $0.name == "model.norm.weight" ? .init(name: $0.name, shape: [0], values: []) : $0 }
    }
    let error = #expect(throws: SpudError.self) { try copy.load() }
    #expect(error?.message.contains("model.norm.weight") == true)
  }

  @Test("a tied model that brings a copy of its embedding as its head is tied, and so is what is written of it")
  func copiedHead() throws {
    let copy = try FixtureCopy(of: "qwen3-tied")
    try copy.replaceTensors { tensors in
      let embedding = tensors.first { $0.name == "model.embed_tokens.weight" }
      return tensors + (embedding.map { [.init(name: "lm_head.weight", shape: $0.shape, values: $0.values)] } ?? [])
    }
    try check(copy, against: "qwen3-tied")
    let isTied = try copy.load().configuration.isTied
    #expect(isTied)
    try copy.exported { #expect($0.tensor("output.weight") == nil) }
  }

  @Test("a tied model that brings the head alone has its embedding in it")
  func headAlone() throws {
    let copy = try FixtureCopy(of: "qwen2-tied")
    try copy.replaceTensors { tensors in
      tensors.map {
        .init(
          name: $0.name == "model.embed_tokens.weight" ? "lm_head.weight" : $0.name, shape: $0.shape,
          values: $0.values)
      }
    }
    try check(copy, against: "qwen2-tied")
  }

  /// `transformers` 5.23.0 warns, and does not tie them (`PreTrainedModel.tie_weights`).
  @Test("a tied model that brings another head answers with that head, here and in the file that is written")
  func otherHead() throws {
    let copy = try FixtureCopy(of: "qwen3-tied")
    try copy.replaceTensors { tensors in
      let embedding = tensors.first { $0.name == "model.embed_tokens.weight" }
      return tensors
        + (embedding.map { [.init(name: "lm_head.weight", shape: $0.shape, values: $0.values.reversed())] } ?? [])
    }
    let tokens = try Fixture(name: "qwen3-tied").golden().tokens
    func logits(_ path: String) throws -> [[Float]] {
      try Transformer.load(path: path, compute: Compute(threads: 1), weightFormat: .f32).logits(of: tokens)
    }
    let stray = try logits(copy.path)
    try copy.exported { file in
      #expect(file.tensor("output.weight") != nil)
      let exported = try logits(file.name)
      #expect(difference(exported, stray) <= 1e-4)
    }
    try copy.configure(["tie_word_embeddings": "false"])
    let untied = try logits(copy.path)
    #expect(difference(untied, stray) == 0)
  }
}
