internal import Foundation
internal import SpudErrors
internal import SpudGuardian
internal import SpudMedia
internal import SpudModels
internal import SpudTensors
internal import SpudTokens

/// A parser of files or streams that may be hostile, by the name of its corpus.
enum FuzzTarget: String, CaseIterable {
  case json, safetensors, quantized, gguf, config, tokenizer, text, vocabulary, codec, png, jpeg, container, audio, zip,
    examples, stream, cedar, template, schema, answer, request

  /// Parses one input, and uses what comes out. An input that is refused with a `SpudError` is no finding; a trap, an
  /// error of another kind, a broken invariant, or a file's size in memory many times over is.
  func run(_ input: [UInt8]) {
    do {
      try parse(input)
    } catch let error as SpudError {
      demand(error.code != .internal, "an input is our own fault: \(error)")
      demand(!error.message.isEmpty && error.message.utf8.count < 4096, "a message of odd length: \(error)")
    } catch {
      fail("not a SpudError: \(error)")
    }
  }

  private func parse(_ input: [UInt8]) throws {
    var remarks: [String] = []
    defer { demand(remarks.allSatisfy { $0.hasPrefix("input: ") }, "a remark that does not name its file") }
    switch self {
    case .json: try parseJSON(input)
    case .safetensors: try parseSafetensors(input)
    case .quantized: try parseQuantized(input)
    case .gguf: try parseGGUF(input)
    case .config: try parseConfiguration(input)
    case .tokenizer: try parseTokenizer(input)
    case .text: try encodeText(input)
    case .vocabulary: try parseVocabulary(input)
    case .codec: try parseCodec(input)
    case .png, .jpeg: _ = try RGBImage.decode(input, name: "input", limits: .small, remarks: &remarks)
    case .container: try PictureContainers.read(input, name: "input")
    case .audio: _ = try Waveform.decode(input, name: "input", limits: .small, remarks: &remarks)
    case .zip: try parseArchive(input)
    case .examples: try parseExamples(input)
    case .stream: try parseStream(input)
    case .cedar: try parseCedar(input)
    case .template: try renderTemplate(input)
    case .schema: try compileSchema(input)
    case .answer: try parseAnswer(input)
    case .request: try parseRequest(input)
    }
  }

  private func parseJSON(_ input: [UInt8]) throws {
    let value = try JSONValue(parsing: input, name: "input")
    let again = try JSONValue(parsing: value.serialized, name: "our own JSON")
    demand(again == value, "JSON does not survive being written")
    _ = (value.int, value.double, value.string, value.array?.first?.int)
  }

  private func parseSafetensors(_ input: [UInt8]) throws {
    let file = try SafetensorsFile(MappedFile(copying: input, name: "input"))
    var total = 0
    for tensor in file.tensors {
      let bytes = file.bytes(of: tensor)
      for index in stride(from: 0, to: bytes.byteCount, by: 64) {
        total &+= Int(bytes.loadLittleEndian(fromByteOffset: index, as: UInt8.self))
      }
      demand(file[tensor.name] == tensor, "a tensor is not found by its name")
    }
    demand(total >= 0 && file["no such tensor"] == nil, "a tensor that is not there")
  }

  private func parseGGUF(_ input: [UInt8]) throws {
    let file = try GGUFFile(MappedFile(copying: input, name: "input"))
    for tensor in file.tensors {
      let bytes = file.bytes(of: tensor)
      demand(file.tensor(tensor.name)?.byteRange == tensor.byteRange, "a tensor is not found by its name")
      guard ElementType.readable.contains(tensor.elementType) else { continue }
      let values = try Dequantization.floats(of: bytes, tensor.elementType, name: "input")
      demand(values.count == tensor.elementCount, "a tensor of another size than its shape")
    }
    let metadata = GGUFTokenizerMetadata(
      tokens: try file.strings("tokenizer.ggml.tokens") ?? [], merges: try file.strings("tokenizer.ggml.merges") ?? [],
      scores: try file.doubles("tokenizer.ggml.scores")?.map { Float($0) } ?? [],
      tokenTypes: try file.ints("tokenizer.ggml.token_type")?.map { Int32(clamping: $0) } ?? [],
      preTokenizer: try file.string("tokenizer.ggml.pre") ?? "")
    let tokenizer =
      metadata.scores.isEmpty
      ? try TextTokenizer(gguf: metadata, name: "input") : try TextTokenizer(sentencePiece: metadata, name: "input")
    Self.checkStreaming(tokenizer.encode("The naïve\u{301} 12345\r\n"), tokenizer)
  }

  private func parseConfiguration(_ input: [UInt8]) throws {
    let configuration = try ScratchFile.with(input, name: "config.json") { path in
      try ModelConfiguration(huggingFace: String(path.dropLast("/config.json".count)))
    }
    demand(configuration.layerCount > 0 && configuration.queryWidth > 0, "a model of nothing")
    demand(configuration.headCount % configuration.keyValueHeadCount == 0, "heads that share unevenly")
  }

  private func parseTokenizer(_ input: [UInt8]) throws {
    let tokenizer = try TextTokenizer(json: input, name: "input")
    let text = "The <s> naïve\u{301} 12345 don't\r\n\n  <end> 日本語 👩‍👩‍👧 \u{0}"
    for allowSpecial in [false, true] {
      let ids = tokenizer.encode(text, allowSpecial: allowSpecial)
      demand(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularyCount }, "an id out of range")
      let forged = ids.contains { tokenizer.isSpecial($0) && $0 != tokenizer.unknownID }
      demand(allowSpecial || !forged, "typed text became a special token")
      Self.checkStreaming(ids, tokenizer)
    }
  }

  private func encodeText(_ input: [UInt8]) throws {
    for tokenizer in Toys.tokenizers {
      let ids = tokenizer.encode(utf8: input)
      demand(!ids.contains(where: tokenizer.isSpecial), "typed text became a special token")
      let bytes = tokenizer.decode(ids)
      if tokenizer.keepsBytes { demand(bytes == input, "text does not come back") }
      // NFC is idempotent, so what has been through it once comes back as it is.
      demand(tokenizer.decode(tokenizer.encode(utf8: bytes)) == bytes, "normal form is not stable")
      Self.checkStreaming(ids, tokenizer)
      let special = tokenizer.encode(utf8: input, allowSpecial: true)
      demand(special.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularyCount }, "an id out of range")
    }
  }

  private static func checkStreaming(_ ids: [Int32], _ tokenizer: TextTokenizer) {
    var decoder = StreamingDecoder(tokenizer)
    var text = ids.map { decoder.push($0) }.joined()
    text += decoder.finish()
    demand(Array(text.utf8) == Array(tokenizer.decodeText(ids).utf8), "streaming and whole decoding differ")
  }

  private func parseVocabulary(_ input: [UInt8]) throws {
    let vocabulary = try ScratchFile.with(input, name: "vocabulary.json") { try Vocabulary(path: $0) }
    for id in [-1, 0, Int32(vocabulary.count - 1), Int32(vocabulary.count)] {
      demand(
        (vocabulary.modality(of: id) != nil) == (id >= 0 && id < vocabulary.count), "an id of the wrong modality")
      _ = vocabulary.name(of: id)
    }
    for level in 0..<vocabulary.audioLevels {
      demand(!vocabulary.audioCodes(ofLevel: level).isEmpty, "a level without codes")
    }
    for token in ControlToken.allCases {
      demand(vocabulary.control.contains(vocabulary.id(of: token)), "a control token is no control id")
    }
  }

  private func parseCodec(_ input: [UInt8]) throws {
    try ScratchFile.with(input, name: "codec.safetensors") { path in
      do {
        let codec = try ImageCodec(path: path)
        let last = Int32(codec.codeCount - 1)
        _ = try codec.decode(ImageCodes(height: 1, width: 2, codes: [0, last]))
        let second = Int32(codec.residualCount - 1)
        if second >= 0 {
          _ = try codec.decode(ImageCodes(height: 1, width: 1, codes: [last], residuals: [second]))
        }
        let gray = RGBImage(width: 3, height: 2, pixels: .init(repeating: 128, count: 18))
        if codec.patch <= 8 { _ = codec.encode(gray) }
      } catch let error as SpudError where error.code == .badData {
        let codec = try AudioCodec(path: path)
        let codes = AudioCodes(levels: codec.levels, codes: .init(repeating: 0, count: codec.levels * 2))
        _ = try codec.decode(codes)
      }
    }
  }

  private func parseArchive(_ input: [UInt8]) throws {
    let archive = try ZipArchive(MappedFile(copying: input, name: "input"))
    var failure: (any Error)?
    for name in try archive.names().prefix(64) {
      do {
        // Names that are no UTF-8 are not found again.
        let bytes = try archive.bytes(of: name, limit: 4096) ?? []
        demand(bytes.count <= min(input.count, 4096), "a member larger than its archive")
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func parseExamples(_ input: [UInt8]) throws {
    try ScratchFile.with(input, name: "examples.jsonl") { path in
      let file = try ExampleFile(path: path)
      var failure: (any Error)?
      for index in 0..<file.count {
        do { _ = try file.example(at: index) } catch { failure = error }
      }
      if let failure { throw failure }
    }
  }

  /// Two bytes an id, counted from −1; what the grammar allows must be what it accepts.
  private func parseStream(_ input: [UInt8]) throws {
    let tokenizer = Toys.stream
    let ids = stride(from: 0, to: min(input.count, 512) - 1, by: 2).map { index in
      Int32((Int(input[index]) << 8 | Int(input[index + 1])) % (tokenizer.vocabulary.count + 2)) - 1
    }
    var grammar = StreamGrammar(tokenizer.vocabulary, policy: .unrestricted)
    for id in ids {
      let allowed = grammar.allowed()
      demand(!allowed.isEmpty, "nothing may follow")
      for range in allowed.ranges {
        for edge in [range.lowerBound, range.upperBound - 1] {
          var copy = grammar
          do { try copy.push(edge) } catch { fail("allowed, and then refused: \(error)") }
        }
      }
      do {
        try grammar.push(id)
      } catch {
        demand(!allowed.contains(id), "allowed, and then refused: \(error)")
        throw error
      }
    }
    let turns = try tokenizer.decode(ids, mayEndInTurn: true)
    _ = try tokenizer.encode(turns)
  }

  /// Entities where the input looks like JSON, policies else; both are used for a decision.
  private func parseCedar(_ input: [UInt8]) throws {
    var policies = Toys.policies, entities = Toys.entities
    if let first = input.first, "[{".utf8.contains(first) {
      let json = try JSONValue(parsing: input, name: "input")
      entities = try EntityStore(json: json, name: "input")
    } else {
      policies = try PolicySet(parsing: String(decoding: input, as: UTF8.self), name: "input")
    }
    for request in Toys.requests {
      let decision = policies.decide(request, entities: entities)
      demand(decision.isAllowed == (policies.decides(decision.reasons) == .permit), "a decision without its reason")
      demand(!decision.failures.contains { decision.reasons.contains($0.policy) }, "a policy that failed and decided")
    }
  }
}

extension PolicySet {
  /// What the policies of these ids have for their effect, nil where there are none.
  fileprivate func decides(_ ids: [String]) -> Policy.Effect? { policies.first { ids.contains($0.id) }?.effect }
}

/// Ends the process, with a message that an optimized build prints too.
func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("Finding: \(message)\n".utf8))
  preconditionFailure()
}

func demand(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fail(message()) }
}

extension MediaLimits {
  /// Little enough that an input takes milliseconds.
  static let small: MediaLimits = {
    var limits = MediaLimits()
    limits.imagePixels = 1 << 18
    limits.audioSeconds = 5
    // Other formats go to another program, which is not what is tested here.
    limits.programSearchPath = "/nonexistent"
    return limits
  }()
}
