import Foundation
import SpudErrors
import SpudKernels
import SpudModels
import SpudTensors
import Testing

/// The parity tests compute with these fixtures too (Scripts/goldens/quantized_directories.py).
@Suite("Quantized Hugging Face directories")
struct QuantizedDirectoryTests {
  @Test(
    "what is stored is said, and held as it is where there is a form for it",
    arguments: [
      ("gptq-4", "GPTQ, 4 bits", WeightFormat.q4_0), ("gptq-8", "GPTQ, 8 bits", .q8_0), ("awq", "AWQ, 4 bits", nil),
      ("compressed-8", "compressed-tensors, 8 bits", .q8_0), ("fp8-blocks", "F8_E4M3", .q8_0), ("mxfp4", "MXFP4", nil),
      ("compressed-int8", "compressed-tensors, 8 bits", .q8_0),
    ] as [(String, String, WeightFormat?)])
  func stored(_ name: String, _ type: String, _ format: WeightFormat?) throws {
    let model = try Transformer.load(path: Fixture(name: name).folder, compute: Compute(threads: 1))
    let known = model.stored.groups.first { $0.type == type }
    let group = try #require(known)
    if let format { #expect(group.format == format && !group.isWidened) }
    // Scales and zero points are counted with what they are of.
    #expect(group.bytes * 8 > group.parameters * 4)
    let golden = try Fixture(name: name).golden()
    let logits = try model.logits(of: golden.tokens)
    #expect(rootMeanSquare(logits, golden.logits) < 0.15)
  }

  /// What is wrong with a directory, and what the error must say.
  struct Case: Sendable, CustomTestStringConvertible {
    let fixture: String
    let settings: String?
    let reason: String
    var testDescription: String { "\(fixture): \(reason)" }
  }

  static let gptq = #""quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": false, "sym": true"#
  static func compressed(bits: Int, type: String) -> String {
    #"{"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": "#
      + #"{"num_bits": \#(bits), "type": "\#(type)"}}}}"#
  }

  static let cases = [
    Case(fixture: "gptq-4", settings: nil, reason: "is a part of quantized weights, but"),
    Case(fixture: "gptq-4", settings: "{}", reason: "names no 'quant_method'"),
    Case(
      fixture: "gptq-4", settings: #"{"quant_method": "bitsandbytes"}"#,
      reason: "the weights are quantized by 'bitsandbytes', but fp8"),
    Case(
      fixture: "gptq-4", settings: #"{"quant_method": "gptq", "bits": 3, "group_size": 32}"#, reason: "have 3 bits"),
    Case(fixture: "gptq-4", settings: #"{"quant_method": "gptq", "group_size": 32}"#, reason: "has no 'bits'"),
    Case(fixture: "gptq-4", settings: #"{"quant_method": "gptq", "bits": 8, "group_size": 32}"#, reason: "imply"),
    Case(
      fixture: "gptq-4", settings: #"{"quant_method": "gptq", "bits": 4, "group_size": 16}"#, reason: "imply [2, 64]"),
    Case(
      fixture: "gptq-4", settings: #"{"quant_method": "gptq", "bits": 4, "group_size": 0}"#,
      reason: "'group_size' is 0"),
    Case(
      fixture: "gptq-4", settings: "{\(gptq), \"checkpoint_format\": \"marlin\"}", reason: "in format 'marlin'"),
    Case(fixture: "gptq-4", settings: "{\(gptq), \"dynamic\": {\"a\": {}}}", reason: "settings of their own"),
    Case(
      fixture: "gptq-4", settings: "{\(gptq), \"checkpoint_format\": \"gptq_v2\"}", reason: "has zero points, but"),
    Case(
      fixture: "gptq-4-ordered", settings: #"{"quant_method": "gptq", "bits": 4, "group_size": 32, "sym": false}"#,
      reason: "without 'desc_act'"),
    Case(
      fixture: "awq", settings: #"{"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemv"}"#,
      reason: "packed as 'gemv'"),
    Case(
      fixture: "awq", settings: #"{"quant_method": "awq", "bits": 8, "group_size": 32}"#, reason: "AWQ weights have 8"),
    Case(
      fixture: "compressed-4", settings: #"{"quant_method": "compressed-tensors", "format": "marlin-24"}"#,
      reason: "in format 'marlin-24'"),
    Case(
      fixture: "compressed-4", settings: #"{"quant_method": "compressed-tensors", "format": "pack-quantized"}"#,
      reason: "has no 'config_groups'"),
    Case(
      fixture: "compressed-4",
      settings: compressed(bits: 4, type: "float"),
      reason: "floats of 4 bits"),
    Case(
      fixture: "compressed-4",
      settings: compressed(bits: 8, type: "int"),
      reason: "words of 8 bits"),
    Case(
      fixture: "fp8-blocks", settings: #"{"quant_method": "fp8", "weight_block_size": [64, 64]}"#,
      reason: "or [3, 3]"),
    Case(
      fixture: "fp8-blocks", settings: #"{"quant_method": "fp8", "weight_block_size": [64]}"#,
      reason: "'weight_block_size' is not"),
    Case(fixture: "mxfp4", settings: #"{"quant_method": "fp8"}"#, reason: "gate_proj.weight', but the configuration"),
  ]

  @Test("settings that are not known, or not those of the weights, are refused in a sentence", arguments: cases)
  func refused(_ broken: Case) throws {
    let copy = try FixtureCopy(of: broken.fixture)
    try copy.configure(["quantization_config": broken.settings])
    do {
      _ = try copy.load()
      Issue.record("accepted")
    } catch let error as SpudError {
      #expect(error.code == .badData && error.message.contains(broken.reason), "\(error.message)")
    }
  }

  @Test("GPTQ's settings may have a file of their own")
  func ownFile() throws {
    let copy = try FixtureCopy(of: "gptq-4")
    try copy.configure(["quantization_config": nil])
    let settings = #"{"bits": 4, "group_size": 32, "desc_act": false, "sym": true}"#
    try Data(settings.utf8).write(to: URL(fileURLWithPath: copy.path + "/quantize_config.json"))
    let golden = try Fixture(name: "gptq-4").golden()
    let model = try Transformer.load(path: copy.path, compute: Compute(threads: 1), weightFormat: .f32)
    let logits = try model.logits(of: golden.tokens)
    #expect(difference(logits, golden.logits) <= 1e-4)
  }
}
