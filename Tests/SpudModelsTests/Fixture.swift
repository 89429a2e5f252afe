import Foundation
import SpudKernels
import SpudModels
import SpudTensors
import Testing

/// A tiny checkpoint and what `transformers` computes with it; Scripts/goldens/models.py makes them.
struct Fixture: Sendable, CustomTestStringConvertible {
  let name: String

  var testDescription: String { name }

  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
    .path

  static let all = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted().map(Fixture.init)
  static let huggingFace = all.filter { !$0.name.hasPrefix("gguf-") }

  var folder: String { "\(Self.directory)/\(name)" }
  var modelPath: String { name.hasPrefix("gguf-") ? "\(folder)/model.gguf" : folder }

  func load(threads: Int = 2, backend: Backend = .native) throws -> Transformer {
    try Transformer.load(path: modelPath, compute: Compute(threads: threads, backend: backend), weightFormat: .f32)
  }

  /// The golden tensors, read whole.
  struct Golden {
    let prompt: [Int32]
    let continuation: [Int32]
    let logits: [[Float]]  // [position][vocabulary]
    let hidden: [[Float]]  // [layer][modelWidth], at the last position
    var tokens: [Int32] { prompt + continuation }
  }

  func golden() throws -> Golden {
    let file = try SafetensorsFile(path: "\(folder)/golden.safetensors")
    func integers(_ name: String) throws -> [Int32] {
      let tensor = try file.tensor(name)
      let bytes = file.bytes(of: tensor)
      return (0..<tensor.elementCount).map {
        Int32(bytes.loadLittleEndian(fromByteOffset: $0 * 8, as: Int64.self))
      }
    }
    func rows(_ name: String) throws -> [[Float]] {
      let tensor = try file.tensor(name)
      let values = try Dequantization.floats(of: file.bytes(of: tensor), tensor.elementType, name: name)
      return stride(from: 0, to: values.count, by: tensor.shape[1]).map { Array(values[$0..<$0 + tensor.shape[1]]) }
    }
    return Golden(
      prompt: try integers("prompt"), continuation: try integers("continuation"), logits: try rows("logits"),
      hidden: try rows("hidden"))
  }
}

extension Transformer {
  /// Logits after each token, the tokens given `step` at a time.
  func logits(of tokens: [Int32], step: Int? = nil, cache: CacheFormat = .f32) throws -> [[Float]] {
    let cache = try makeCache(sequences: 1, capacity: tokens.count, format: cache)
    var result: [[Float]] = []
    for start in stride(from: 0, to: tokens.count, by: step ?? tokens.count) {
      let part = Array(tokens[start..<min(start + (step ?? tokens.count), tokens.count)])
      let logits = try forward(Batch(part), cache: cache, logits: .all)
      for row in 0..<logits.rows { result.append(logits[row]) }
    }
    return result
  }

  /// The greedy continuation of a prompt, decoded token by token.
  func continuation(of prompt: [Int32], count: Int) throws -> [Int32] {
    let cache = try makeCache(sequences: 1, capacity: prompt.count + count, format: .f32)
    var logits = try forward(Batch(prompt), cache: cache, logits: .last)
    var result: [Int32] = []
    while result.count < count {
      let next = logits[0].best
      result.append(next)
      if result.count < count { logits = try forward(Batch([next]), cache: cache, logits: .last) }
    }
    return result
  }
}

extension [Float] {
  /// The index of the largest value; the first of equals.
  var best: Int32 {
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return Int32(best)
  }
}

/// The largest difference between two tables.
func difference(_ a: [[Float]], _ b: [[Float]]) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, rows in
    guard rows.0.count == rows.1.count else { return .infinity }
    return zip(rows.0, rows.1).reduce(worst) { Swift.max($0, ($1.0 - $1.1).isFinite ? abs($1.0 - $1.1) : .infinity) }
  }
}

/// The root of the mean square of the differences between two tables.
func rootMeanSquare(_ a: [[Float]], _ b: [[Float]]) -> Float {
  let squares = zip(a.joined(), b.joined()).map { ($0 - $1) * ($0 - $1) }
  return a.count == b.count && !squares.isEmpty ? (squares.reduce(0, +) / Float(squares.count)).squareRoot() : .infinity
}
