import Foundation
import SpudMedia
import SpudTokens

@testable import SpudInference

/// The models of these tests: whole, and ignorant. `Scripts/goldens/tiny_unified.py` wrote them.
enum TinyModel {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/tiny-unified")
    .path

  /// One loaded model for all tests; it computes one answer after the other.
  static let unified = Task { try await Model.load(directory, options: LoadOptions(threads: 2)) }

  /// The same weights without `vocabulary.json`: a text-only model.
  static let textOnly = Task {
    let copy = FileManager.default.temporaryDirectory.appending(
      path: "spud-text-only-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.removeItem(at: copy)
    try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
    for file in ["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: directory + "/" + file, toPath: copy.appending(path: file).path)
    }
    defer { try? FileManager.default.removeItem(at: copy) }
    return try await Model.load(copy.path, options: LoadOptions(threads: 2))
  }

  /// A picture of two colours.
  static let picture = RGBImage(
    width: 16, height: 24, pixels: (0..<16 * 24).flatMap { $0 % 16 < 8 ? [250, 20, 20] : [20, 20, 250] as [UInt8] })

  /// A third of a second of a tone.
  static let tone = Waveform(samples: (0..<5000).map { 0.3 * sin(Float($0) * 0.2) }, sampleRate: 16_000)

  /// Warm enough that every answer of a model that knows nothing is another one.
  static func options(
    seed: UInt64 = 1, tokens: Int = 60, output: GenerationOptions.Output? = nil, thinking: Int? = nil,
    temperature: Float = 1.5
  ) -> GenerationOptions {
    GenerationOptions(
      sampling: Sampling(temperature: temperature, seed: seed), maximumTokens: tokens, output: output,
      thinking: thinking)
  }
}

extension Response {
  /// Every piece.
  func collected() async throws -> [Piece] {
    var pieces: [Piece] = []
    for try await piece in self { pieces.append(piece) }
    return pieces
  }
}
