import Foundation
import SpudKernels
import SpudModels
import SpudTensors
import Testing

/// A fixture's copy that a test may damage.
struct FixtureCopy: ~Copyable {
  let path: String

  init(of fixture: String) throws {
    path = NSTemporaryDirectory() + "spud-hostile-\(UUID().uuidString)"
    try FileManager.default.copyItem(atPath: Fixture(name: fixture).folder, toPath: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Sets keys of config.json; nil removes one.
  func configure(_ changes: [String: String?]) throws {
    let old = try JSONValue(contentsOf: path + "/config.json")
    var members = (old.object?.members ?? []).filter { !changes.keys.contains($0.key) }.map { ($0.key, $0.value) }
    for (key, value) in changes {
      if let value { members.append((key, try JSONValue(parsing: value, name: key))) }
    }
    try Data(JSONValue.object(JSONObject(members)).serialized).write(to: URL(fileURLWithPath: path + "/config.json"))
  }

  func load() throws -> Transformer { try Transformer.load(path: path, compute: Compute(threads: 1)) }

  /// A tensor of a safetensors file, as floats.
  struct Tensor {
    var name: String
    var shape: [Int]
    var values: [Float]
  }

  /// Writes model.safetensors anew, in float32, with other tensors.
  func replaceTensors(_ change: ([Tensor]) -> [Tensor]) throws {
    let target = path + "/model.safetensors"
    let file = try SafetensorsFile(path: target)
    let tensors = try file.tensors.map { tensor in
      Tensor(
        name: tensor.name, shape: tensor.shape,
        values: try Dequantization.floats(of: file.bytes(of: tensor), tensor.elementType, name: tensor.name))
    }
    var writer = SafetensorsWriter()
    for tensor in change(tensors) { writer.add(tensor.name, shape: tensor.shape, tensor.values) }
    try writer.write(to: target)
  }

  /// Exports the copy in float32, and gives the file to `body`.
  func exported(_ body: (GGUFFile) throws -> Void) throws {
    let target = path + "/exported.gguf"
    try ModelExport.writeGGUF(from: path, to: target, mix: .f32)
    try body(GGUFFile(path: target))
  }
}
