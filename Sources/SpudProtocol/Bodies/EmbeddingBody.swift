package import SpudTensors

/// The body of `/v1/embeddings`.
package enum EmbeddingBody {
  /// - Parameters:
  ///   - vectors: `[inputs, width]`.
  ///   - isBase64: Whether numbers come as base64 of 32-bit floats, little-endian.
  package static func list(model: String, vectors: [[Float]], isBase64: Bool, promptTokens: Int) -> JSONValue {
    let items = vectors.enumerated().map { index, vector in
      JSONValue.members([
        "object": .string("embedding"), "index": .number(index),
        "embedding": isBase64
          ? .string(Base64.encode(bytes(of: vector))) : .array(vector.map { .number(Double($0)) }),
      ])
    }
    return .members([
      "object": .string("list"), "data": .array(items), "model": .string(model),
      "usage": .members(["prompt_tokens": .number(promptTokens), "total_tokens": .number(promptTokens)]),
    ])
  }

  private static func bytes(of vector: [Float]) -> [UInt8] {
    vector.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) } }
  }
}
