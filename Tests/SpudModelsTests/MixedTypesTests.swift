import Foundation
import SpudKernels
import SpudModels
import SpudTensors
import Testing

/// Files whose tensors are of many types, as llama-quantize writes them.
@Suite("Models of mixed types")
struct MixedTypesTests {
  static let width = 256
  static let experts = 3

  /// Tensors that may be of any type: name, shape.
  static let matrices: [(name: String, shape: [Int])] = [
    ("token_embd.weight", [64, width]), ("output.weight", [64, width]),
    ("blk.0.attn_q.weight", [width, width]), ("blk.0.attn_k.weight", [128, width]),
    ("blk.0.attn_v.weight", [128, width]), ("blk.0.attn_output.weight", [width, width]),
    ("blk.0.ffn_gate_exps.weight", [experts, width, width]), ("blk.0.ffn_up_exps.weight", [experts, width, width]),
    ("blk.0.ffn_down_exps.weight", [experts, width, width]),
  ]

  /// A model of one layer, whose matrices take `types` in turn; and the same with their values in F32.
  static func write(_ types: [ElementType], to path: String, float: String) throws {
    var random = RandomBytes(seed: 33)
    var (writer, floats) = (GGUFWriter(), GGUFWriter())
    func set(_ key: String, _ value: GGUFValue) {
      writer.set(key, value)
      floats.set(key, value)
    }
    set("general.architecture", .string("qwen3moe"))
    for (key, value) in [
      ("block_count", 1), ("context_length", 64), ("embedding_length", width), ("attention.head_count", 4),
      ("attention.head_count_kv", 2), ("attention.key_length", 64), ("attention.value_length", 64),
      ("expert_count", experts), ("expert_used_count", 2), ("expert_feed_forward_length", width), ("vocab_size", 64),
    ] { set("qwen3moe." + key, .uint32(UInt32(value))) }
    set("qwen3moe.attention.layer_norm_rms_epsilon", .float32(1e-6))
    set("qwen3moe.rope.freq_base", .float32(10_000))
    for name in ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm", "blk.0.attn_q_norm", "blk.0.attn_k_norm"] {
      let count = name.hasSuffix("q_norm") || name.hasSuffix("k_norm") ? 64 : width
      let bytes = [Float](repeating: 1, count: count).littleEndianBytes
      writer.add(name + ".weight", .f32, shape: [count]) { bytes }
      floats.add(name + ".weight", .f32, shape: [count]) { bytes }
    }
    let router = (0..<experts * width).map { _ in Float(random.next()) / 1024 - 0.125 }.littleEndianBytes
    writer.add("blk.0.ffn_gate_inp.weight", .f32, shape: [experts, width]) { router }
    floats.add("blk.0.ffn_gate_inp.weight", .f32, shape: [experts, width]) { router }
    for (index, matrix) in matrices.enumerated() {
      let type = types[index % types.count]
      let bytes = random.blocks(type, count: matrix.shape.reduce(1, *))
      let held = try MappedFile(copying: bytes, name: "blocks")
      let values = try Dequantization.floats(of: held.bytes, type, name: matrix.name)
      writer.add(matrix.name, type, shape: matrix.shape) { bytes }
      floats.add(matrix.name, .f32, shape: matrix.shape) { values.littleEndianBytes }
    }
    try writer.write(to: path)
    try floats.write(to: float)
  }

  static let mixes: [[ElementType]] = [
    [.q4_k, .q6_k, .q5_k, .q4_k, .q8_0], [.q5_0, .q5_1, .q4_1, .q4_0], [.q2_k, .q3_k, .q4_k, .iq4_nl],
    [.iq4_xs, .mxfp4, .iq3_s, .iq3_xxs, .bf16], [.iq2_xxs, .iq2_xs, .iq2_s, .iq1_s, .iq1_m],
    [.tq1_0, .tq2_0, .nvfp4, .f16, .q4_0],
  ]

  @Test("a file of many types computes as its values do in float32", arguments: mixes)
  func computes(_ types: [ElementType]) throws {
    let directory = NSTemporaryDirectory() + "spud-mixed-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let (path, float) = (directory + "/mixed.gguf", directory + "/float.gguf")
    try Self.write(types, to: path, float: float)
    let tokens: [Int32] = [1, 5, 63, 17, 17, 0, 42, 8]
    let model = try Transformer.load(path: path, compute: Compute(threads: 1))
    let exact = try Transformer.load(path: float, compute: Compute(threads: 1)).logits(of: tokens)
    // Every matrix is held at least in the bits of its file, and what has no form of its own in more.
    for group in model.stored.groups {
      #expect(group.format.bytesPerWeight * Double(group.parameters) >= Double(group.bytes))
      #expect(group.isWidened == !["f32", "bf16", "f16", group.format.rawValue].contains(group.type.lowercased()))
    }
    #expect(Set(model.stored.groups.map(\.type)).isSuperset(of: types.map(\.rawValue)))
    let scale = rootMeanSquare(exact, exact.map { $0.map { _ in 0 } })
    // Inputs of 8 bits and weights of at least 8 or of the file's own.
    let logits = try model.logits(of: tokens)
    let error = rootMeanSquare(logits, exact)
    #expect(error < 0.03 * scale, "\(error) of \(scale)")
    let plain = try Transformer.load(path: path, compute: Compute(threads: 1), weightFormat: .f32)
    let same = try plain.logits(of: tokens)
    #expect(rootMeanSquare(same, exact) < 1e-5 * scale)
  }
}
