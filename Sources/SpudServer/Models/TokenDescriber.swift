#if Server
internal import SpudInference
internal import SpudProtocol
internal import SpudTensors
internal import SpudTokens

/// Ids as the page shows them: what each is and spells, where it went, and the patch that it draws.
struct TokenDescriber {
  private let tokenizer: StreamTokenizer?
  private var picture: PictureInProgress?

  init(_ model: Model) {
    tokenizer = model.streamTokenizer
    picture = tokenizer.map { PictureInProgress($0) }
  }

  mutating func describe(_ token: GeneratedToken) throws -> JSONValue {
    let piece = tokenizer?.piece(of: token.id) ?? String(decoding: token.bytes, as: UTF8.self)
    let patch = try picture?.push(token.id)
    let drawn = patch.flatMap { patch in
      picture?.size.map { size in
        JSONValue.members([
          "index": .number(patch.index), "height": .number(size.height), "width": .number(size.width),
          "pixels": .string(Base64.encode(patch.pixels)),
        ])
      }
    }
    let experts = token.experts.map { layer in JSONValue.array(layer.map { .number(Int($0)) }) }
    return JSONValue.members([
      "id": .number(Int(token.id)), "piece": .string(piece), "modality": .string(token.modality?.rawValue ?? "text"),
    ]).adding(["experts": experts.isEmpty ? nil : .array(experts), "patch": drawn])
  }
}
#endif
