import Foundation
import SpudKernels
import SpudModels
import SpudTensors
import Testing

/// The model of the repository, and what `transformers` answers with it; Scripts/goldens/greedy.py makes the file.
@Suite("The trained model")
struct TrainedModelTests {
  private static let root = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent()
  }

  private func rows(_ name: String, of file: SafetensorsFile) throws -> [[Int32]] {
    let flat = file.bytes(of: try file.tensor(name))
    let tensor = try file.tensor(String(name.dropLast()) + "_offsets")
    let ends = (0..<tensor.elementCount).map {
      Int(file.bytes(of: tensor).loadLittleEndian(fromByteOffset: $0 * 8, as: Int64.self))
    }
    return zip(ends, ends.dropFirst()).map { first, last in
      (first..<last).map { flat.loadLittleEndian(fromByteOffset: $0 * 4, as: Int32.self) }
    }
  }

  @Test("answers 200 held-out prompts as transformers does, greedily, id for id")
  func greedy() throws {
    let file = try SafetensorsFile(
      path: Self.root.appendingPathComponent("Tests/SpudModelsTests/Goldens/spud-nano.safetensors").path)
    let prompts = try rows("prompts", of: file)
    let answers = try rows("answers", of: file)
    #expect(prompts.count == 200 && answers.count == 200)
    let model = try Transformer.load(
      path: Self.root.appendingPathComponent("Models/spud-nano").path, compute: Compute(threads: 2), weightFormat: .f32)
    for (prompt, answer) in zip(prompts, answers) {
      #expect(try model.continuation(of: prompt, count: answer.count) == answer)
    }
  }
}
