import Foundation
import SpudErrors
import SpudKernels
import SpudModels
import SpudTensors
import Testing

/// What GGUF files have no place for.
private let namesWithoutPlace = [
  "llama-yarn", "qwen3-yarn", "llama-longrope", "qwen2-window", "mixtral-window", "gptoss-own-settings",
]

@Suite("Export to GGUF")
struct ExportTests {
  private func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "spud-export-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test("what GGUF cannot say is refused by name", arguments: namesWithoutPlace)
  func unwritable(name: String) throws {
    try withTemporaryDirectory { directory in
      let error = #expect(throws: SpudError.self) {
        try ModelExport.writeGGUF(from: Fixture(name: name).folder, to: directory + "/model.gguf", mix: .f32)
      }
      #expect(error?.message.contains("have no place") == true)
    }
  }

  @Test(
    "a model that went through GGUF in float32 computes the same",
    arguments: Fixture.huggingFace.filter { !namesWithoutPlace.contains($0.name) })
  func roundTrip(fixture: Fixture) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.gguf"
      let size = try ModelExport.writeGGUF(from: fixture.folder, to: path, mix: .f32)
      let written = try Data(contentsOf: URL(fileURLWithPath: path)).count
      #expect(written == size)
      let golden = try fixture.golden()
      let model = try Transformer.load(path: path, compute: Compute(threads: 1))
      let logits = try model.logits(of: golden.tokens)
      #expect(difference(logits, golden.logits) <= 1e-4)
    }
  }

  @Test(
    "matrices take the format asked for, or F16; norms and routers stay F32", arguments: [QuantizationMix.q8_0, .q4_0])
  func formats(format: QuantizationMix) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.gguf"
      try ModelExport.writeGGUF(from: Fixture(name: "mixtral").folder, to: path, mix: format)
      let file = try GGUFFile(path: path)
      let type: ElementType = format == .q8_0 ? .q8_0 : .q4_0
      #expect(file.tensor("blk.0.attn_q.weight")?.elementType == type)
      #expect(file.tensor("blk.1.ffn_up_exps.weight")?.elementType == type)
      // An expert is 40 wide here, which is no whole number of blocks.
      #expect(file.tensor("blk.1.ffn_down_exps.weight")?.elementType == .f16)
      #expect(file.tensor("blk.1.ffn_gate_inp.weight")?.elementType == .f32)
      #expect(file.tensor("output_norm.weight")?.elementType == .f32)
      #expect(file["tokenizer.ggml.model"]?.string == "no_vocab")
      let golden = try Fixture(name: "mixtral").golden()
      let model = try Transformer.load(path: path, compute: Compute(threads: 1), weightFormat: .f32)
      let logits = try model.logits(of: golden.tokens)
      #expect(rootMeanSquare(logits, golden.logits) < (format == .q8_0 ? 0.15 : 1))
    }
  }

  @Test("MXFP4 goes through GGUF as it is: gates and ups taken apart, no weight rounded again")
  func mxfp4() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.gguf"
      let folder = Fixture(name: "gptoss-mxfp4").folder
      try ModelExport.writeGGUF(from: folder, to: path, mix: .mxfp4)
      let file = try GGUFFile(path: path)
      for part in ["gate", "up", "down"] {
        #expect(file.tensor("blk.1.ffn_\(part)_exps.weight")?.elementType == .mxfp4)
        #expect(file.tensor("blk.1.ffn_\(part)_exps.bias")?.elementType == .f32)
      }
      for name in ["attn_sinks.weight", "ffn_gate_inp.weight", "ffn_gate_inp.bias", "post_attention_norm.weight"] {
        #expect(file.tensor("blk.0.\(name)")?.elementType == .f32, "\(name)")
      }
      #expect(file["gpt-oss.attention.sliding_window"]?.int == 13)
      #expect(file["gpt-oss.rope.scaling.type"]?.string == "yarn")
      let tokens = try Fixture(name: "gptoss-mxfp4").golden().tokens
      // With all else in float32, so that only the experts could differ.
      let exact = directory + "/exact.gguf"
      try ModelExport.writeGGUF(from: folder, to: exact, mix: .f32)
      func experts(_ path: String) throws -> [Float] {
        let file = try GGUFFile(path: path)
        return try ["gate", "up", "down"].flatMap { part in
          let tensor = try #require(file.tensor("blk.1.ffn_\(part)_exps.weight"))
          return try Dequantization.floats(of: file.bytes(of: tensor), tensor.elementType, name: part)
        }
      }
      #expect(try experts(path) == experts(exact))
      #expect(try Transformer.load(path: path, compute: Compute(threads: 1)).logits(of: tokens).count == tokens.count)
    }
  }

  @Test("each tensor gets the type that llama.cpp's quantizer gives it, in each mix")
  func mixes() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let found = try JSONValue(contentsOf: here.appendingPathComponent("Goldens/mixes.json").path)
    var count = 0
    for entry in try #require(found.array) {
      let mix = try #require(QuantizationMix(rawValue: entry["mix"]?.string ?? ""))
      for tensor in entry["types"]?.object?.members ?? [] {
        let shape = (tensor.value.array?[1].array ?? []).compactMap { $0.int }
        let place = QuantizationMix.Place(
          name: tensor.key, shape: shape, layerCount: entry["layers"]?.int ?? 0,
          expertCount: entry["experts"]?.int ?? 0,
          isTied: false)
        #expect(mix.type(of: place).rawValue == tensor.value.array?[0].string, "\(mix), \(tensor.key) \(shape)")
        count += 1
      }
    }
    #expect(count > 1000)
  }

  @Test("a model that cannot be read leaves no file")
  func refusals() throws {
    try withTemporaryDirectory { directory in
      let target = directory + "/model.gguf"
      #expect(throws: SpudError.self) { try ModelExport.writeGGUF(from: directory, to: target, mix: .q8_0) }
      #expect(throws: SpudError.self) { try ModelExport.writeGGUF(from: directory + "/x", to: target, mix: .q8_0) }
      let gguf = Fixture(name: "gguf-llama-bf16").modelPath
      #expect(throws: SpudError.self) { try ModelExport.writeGGUF(from: gguf, to: target, mix: .q8_0) }
      let left = try FileManager.default.contentsOfDirectory(atPath: directory)
      #expect(left.isEmpty)
    }
  }
}
