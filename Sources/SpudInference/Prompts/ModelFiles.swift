internal import Foundation
internal import SpudErrors
internal import SpudModels
internal import SpudProtocol
internal import SpudTemplates
internal import SpudTensors
internal import SpudTokens

/// What a model's files say about its text: everything but the decoder.
struct ModelFiles {
  private enum Kind {
    /// A directory that holds `vocabulary.json`.
    case unified
    /// Any other directory.
    case textOnly
    /// One `.gguf` file, opened.
    case gguf(GGUFFile)
  }

  let path: String
  private let kind: Kind

  /// - Throws: `SpudError` (`noInput`) when there is no such model, (`badData`) when it is neither a directory nor
  ///   GGUF.
  init(_ path: String) throws {
    self.path = path
    guard FileManager.default.fileExists(atPath: path) else {
      throw SpudError(.noInput, "\(path): there is no such model; a directory or a .gguf file was expected")
    }
    if URL(filePath: path).isDirectory {
      guard FileManager.default.fileExists(atPath: path + "/config.json") else {
        throw SpudError(.noInput, "\(path): holds no config.json, so it is not a model's directory")
      }
      let vocabulary = path + "/" + StreamTokenizer.File.vocabulary
      kind = FileManager.default.fileExists(atPath: vocabulary) ? .unified : .textOnly
    } else if path.lowercased().hasSuffix(".gguf") {
      kind = .gguf(try GGUFFile(path: path))
    } else {
      throw SpudError(.badData, "\(path): is neither a model's directory nor a .gguf file")
    }
  }

  /// How this model's conversations are written.
  ///
  /// - Parameter continuesText: Whether a text-only model's chat form is passed over.
  func loadForm(continuesText: Bool) throws -> PromptForm {
    switch kind {
    case .unified: .stream(try StreamTokenizer.load(directory: path))
    case .textOnly: .text(try directoryForm(continuesText))
    case .gguf(let file): .text(try ggufForm(file, continuesText))
    }
  }

  /// The decoder's files, of which a GGUF file is opened only once.
  func openCheckpoint() throws -> Checkpoint {
    switch kind {
    case .unified, .textOnly: try Checkpoint(.directory(path))
    case .gguf(let file): try Checkpoint(.gguf(file))
    }
  }

  /// Whether there is a tokenizer, of whatever kind.
  var hasTokenizer: Bool {
    switch kind {
    case .unified: true
    case .textOnly: FileManager.default.fileExists(atPath: path + "/tokenizer.json")
    case .gguf(let file): file["tokenizer.ggml.model"] != nil
    }
  }

  /// The files that decide which ids there are and what is computed from them, sorted.
  var namesOfIdentity: [String] {
    guard case .gguf = kind else {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      let weights = names.filter { $0.hasSuffix(".safetensors") && !$0.hasSuffix("_codec.safetensors") }
      let texts = ["config.json", "tokenizer.json", "vocabulary.json"].filter(names.contains)
      return (weights + texts).sorted().map { path + "/" + $0 }
    }
    return [path]
  }

  /// The form of a model whose ids have no spellings: the first 256 stand for the bytes.
  static func bytesForm(name: String) throws -> TextForm {
    let bytes = GGUFTokenizerMetadata(tokens: byteSpellings, merges: [], preTokenizer: "gpt-2")
    return form(try TextTokenizer(gguf: bytes, name: name), template: nil, name: name)
  }

  private func directoryForm(_ continuesText: Bool) throws -> TextForm {
    let tokenizer = try TextTokenizer(path: ModelDirectory(path).path(of: StreamTokenizer.File.text))
    var form = Self.form(tokenizer, template: continuesText ? nil : try CheckpointTemplate.jinja(in: path), name: path)
    if case .none = form.template { form.beginning = tokenizer.beginID }
    form.specialTokens = try CheckpointTemplate.specialTokens(in: path)
    for (name, id) in [("bos_token", tokenizer.beginID), ("eos_token", tokenizer.endID)] {
      guard let id, !form.specialTokens.contains(where: { $0.name == name }) else { continue }
      form.specialTokens.append((name, String(decoding: tokenizer.piece(of: id), as: UTF8.self)))
    }
    if let end = form.specialTokens.first(where: { $0.name == "eos_token" }), let id = tokenizer.id(of: end.spelling) {
      form.endings.insert(id)
    }
    return form
  }

  /// Special tokens that end an answer, beside those that a checkpoint names itself.
  private static let endings = [
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|return|>", "<|call|>", "<|end|>", "</s>",
  ]

  /// - Parameter template: The source of the checkpoint's program; nil adds nothing to a text.
  private static func form(_ tokenizer: TextTokenizer, template source: String?, name: String) -> TextForm {
    var form = TextForm(tokenizer: tokenizer, template: .none, endings: [])
    let added = Set(tokenizer.addedTokens.map(\.content))
    if added.isSuperset(of: ["<think>", "</think>"]), let open = tokenizer.id(of: "<think>"),
      let close = tokenizer.id(of: "</think>")
    {
      form.thoughts = TextForm.ThoughtMarks(open: open, close: close)
    }
    guard let source else { return form }
    do {
      form.template = .program(try ChatTemplate(source, name: name + ": the chat template"), source: source)
    } catch {
      form.template = .unusable(error as? SpudError ?? SpudError(.badData, "\(name): the chat template cannot be run"))
    }
    form.format = AnswerFormat(template: source)
    for ending in endings where source.contains(ending) {
      // In channels, this one only ends a message.
      if ending == "<|end|>", form.format == .harmony { continue }
      if let id = tokenizer.id(of: ending) { form.endings.insert(id) }
    }
    return form
  }
}

extension URL {
  /// Whether there is a directory at this file URL, itself or behind links.
  var isDirectory: Bool {
    (try? resolvingSymlinksInPath().resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
  }
}

extension ModelFiles {
  /// What a GGUF file's metadata say about its text.
  ///
  /// - Throws: `SpudError` (`badData`) when there is no tokenizer in them, or one of another kind than byte pairs.
  private func ggufForm(_ file: GGUFFile, _ continuesText: Bool) throws -> TextForm {
    func key(_ name: String) -> String { "tokenizer.ggml." + name }
    func required<Value>(_ value: Value?, _ name: String) throws -> Value {
      guard let value else { throw SpudError(.badData, "\(path): \(key(name)) is missing, so its text cannot be read") }
      return value
    }
    let kind = try required(file.string(key("model")), "model")
    if kind == "no_vocab" {
      return try Self.bytesForm(name: path)
    }
    guard ["gpt2", "llama"].contains(kind) else {
      throw SpudError(
        .badData,
        "\(path): \(key("model")) is '\(kind)', but only 'gpt2' (byte pairs) and 'llama' (SentencePiece) can be read")
    }
    let begin = try file.bool(key("add_bos_token")) == false ? nil : try id(file, key("bos_token_id"))
    var metadata = GGUFTokenizerMetadata(
      tokens: try required(file.strings(key("tokens")), "tokens"),
      tokenTypes: try (file.ints(key("token_type")) ?? []).map { type in
        try number(type, key("token_type"))
      },
      beginID: begin, endID: try id(file, key("eos_token_id")))
    let tokenizer: TextTokenizer
    if kind == "llama" {
      metadata.scores = try required(file.doubles(key("scores")), "scores").map { Float($0) }
      metadata.addsSpacePrefix = try file.bool(key("add_space_prefix")) ?? true
      tokenizer = try TextTokenizer(sentencePiece: metadata, name: path)
    } else {
      metadata.merges = try required(file.strings(key("merges")), "merges")
      metadata.preTokenizer = try required(file.string(key("pre")), "pre")
      tokenizer = try TextTokenizer(gguf: metadata, name: path)
    }
    let template = continuesText ? nil : try file.string("tokenizer.chat_template")
    var form = Self.form(tokenizer, template: template, name: path)
    form.beginning = begin
    let named = [("bos_token", begin), ("eos_token", tokenizer.endID), ("unk_token", tokenizer.unknownID)]
    form.specialTokens = named.compactMap { name, id in
      id.map { (name, String(decoding: tokenizer.piece(of: $0), as: UTF8.self)) }
    }
    if let end = tokenizer.endID { form.endings.insert(end) }
    return form
  }

  /// GPT-2's spelling of each byte: printable ones as they are, the others from U+0100 on.
  private static var byteSpellings: [String] {
    var next: UInt32 = 256
    return (0..<256 as Range<UInt32>).map { byte in
      var scalar = byte
      if !(33...126).contains(byte) && !(161...172).contains(byte) && !(174...255).contains(byte) {
        scalar = next
        next += 1
      }
      return Unicode.Scalar(scalar).map(String.init) ?? ""
    }
  }

  private func id(_ file: GGUFFile, _ key: String) throws -> Int32? {
    try file.int(key).map { try number($0, key) }
  }

  private func number(_ value: Int, _ key: String) throws -> Int32 {
    guard let number = Int32(exactly: value), number >= 0 else {
      throw SpudError(.badData, "\(path): \(key) holds \(value), expected 0 to \(Int32.max)")
    }
    return number
  }
}
