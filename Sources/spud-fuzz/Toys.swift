internal import SpudQuantizer
internal import SpudTensors
internal import SpudTokens

/// Tokenizers small enough to be made in code.
enum Toys {
  struct Pattern {
    var pattern: String?
    var normalizes = false
  }

  static let tokenizers: [TextTokenizer] = [
    tokenizer(.init(pattern: nil)),
    tokenizer(.init(pattern: caseless(#"\p{N}"#), normalizes: true)),
    tokenizer(.init(pattern: caseless(#"\p{N}{1,3}"#))),
  ]

  static let stream: StreamTokenizer = {
    let sizes = (1...32).map { "<size:\($0)>" }
    let names = ControlToken.allCases.map(\.rawValue) + sizes
    let image = 262 + names.count
    let vocabulary = made {
      try Vocabulary(
        name: "toy", textFirst: 0, textCount: 262, controlFirst: 262, controlTokens: names, imageFirst: image,
        imageCount: 4, patch: 2, audioFirst: image + 4, audioLevels: 2, codesPerLevel: 3, audioFramesPerSecond: 25)
    }
    return made {
      try StreamTokenizer(
        vocabulary: vocabulary, text: tokenizers[0], imageCodec: ImageCodec(patch: 2, codebook: codebook(12, 4, 1)),
        audioCodec: AudioCodec(codebook: codebook(320, 3, 2)))
    }
  }()

  /// Bytes, a few merges, and tokens with every flag.
  private static func tokenizer(_ kind: Pattern) -> TextTokenizer {
    let spellings = (0..<256).map { byte in
      String(String.UnicodeScalarView([Unicode.Scalar(ByteSpelling.scalars[byte]) ?? "?"]))
    }
    let merges = [("h", "e"), ("l", "l"), ("he", "ll"), ("Ġ", "Ġ"), ("Ã", "©"), ("Ċ", "Ċ")]
    var vocabulary = spellings.enumerated().map { ($1, JSONValue.number($0)) }
    for (index, merge) in merges.enumerated() { vocabulary.append((merge.0 + merge.1, .number(256 + index))) }
    let flags = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    let added = ["<s>", "<l>", "<r>", "é!", "<end>"].enumerated().map { index, content in
      JSONValue.object(
        JSONObject(
          [("id", .number(262 + index)), ("content", .string(content))]
            + flags.map { ($0, .bool(index == 4 ? $0 == "special" : $0 == flags[index])) }))
    }
    let byteLevel = JSONValue.object(
      JSONObject([
        ("type", .string("ByteLevel")), ("add_prefix_space", .bool(false)), ("use_regex", .bool(kind.pattern == nil)),
      ]))
    var splitter = byteLevel
    if let pattern = kind.pattern {
      let split = JSONValue.object(
        JSONObject([
          ("type", .string("Split")), ("pattern", .object(JSONObject([("Regex", .string(pattern))]))),
          ("behavior", .string("Isolated")), ("invert", .bool(false)),
        ]))
      splitter = .object(JSONObject([("type", .string("Sequence")), ("pretokenizers", .array([split, byteLevel]))]))
    }
    let file = JSONValue.object(
      JSONObject([
        ("version", .string("1.0")), ("added_tokens", kind.pattern == nil ? .array([]) : .array(added)),
        ("normalizer", kind.normalizes ? .object(JSONObject([("type", .string("NFC"))])) : .null),
        ("pre_tokenizer", splitter),
        (
          "model",
          .object(
            JSONObject([
              ("vocab", .object(JSONObject(vocabulary))),
              ("merges", .array(merges.map { .array([.string($0.0), .string($0.1)]) })),
            ]))
        ),
      ]))
    return made { try TextTokenizer(json: file.serialized, name: "toy") }
  }

  private static func caseless(_ number: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  private static func codebook(_ width: Int, _ codes: Int, _ levels: Int) -> ResidualCodebook {
    let centres = Matrix(rows: codes, columns: 1, values: (0..<codes).map { Float($0) / Float(codes) })
    return ResidualCodebook(
      mean: .init(repeating: 0.1, count: width),
      components: Matrix(rows: 1, columns: width, values: .init(repeating: 0.5, count: width)), variances: [1],
      levels: .init(repeating: Codebook(centres: centres), count: levels))
  }

  /// What cannot fail, since nothing in it comes from an input.
  private static func made<Value>(_ make: () throws -> Value) -> Value {
    do { return try make() } catch { preconditionFailure("a toy is broken: \(error)") }
  }
}

/// GPT-2's characters for bytes, made here once more rather than taken from the module under test.
private enum ByteSpelling {
  static let scalars: [UInt32] = {
    let printable = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    var next: UInt32 = 0xFF
    return (0..<256).map { byte in
      if printable.contains(byte) { return UInt32(byte) }
      next += 1
      return next
    }
  }()
}

extension TextTokenizer {
  /// Whether decoding gives back the very bytes that were encoded.
  var keepsBytes: Bool { addedTokens.isEmpty }
}
