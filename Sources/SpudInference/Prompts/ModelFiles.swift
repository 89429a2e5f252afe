internal import Foundation
internal import SpudErrors
internal import SpudModels
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

  /// The form of a model whose ids have no spellings: the first 256 stand for the bytes.
  static func bytesForm(name: String) throws -> PromptForm.TextForm {
    let bytes = GGUFTokenizerMetadata(tokens: byteSpellings, merges: [], preTokenizer: "gpt-2")
    return form(try TextTokenizer(gguf: bytes, name: name), template: .raw, beginning: nil)
  }

  private func directoryForm(_ continuesText: Bool) throws -> PromptForm.TextForm {
    let tokenizer = try TextTokenizer(path: ModelDirectory(path).path(of: StreamTokenizer.File.text))
    let jinja = try CheckpointTemplate.jinja(in: path)
    return Self.form(
      tokenizer, template: continuesText ? .raw : ChatTemplate(jinja: jinja), beginning: tokenizer.beginID)
  }

  private static func form(
    _ tokenizer: TextTokenizer, template: ChatTemplate, beginning: Int32?
  ) -> PromptForm.TextForm {
    var thoughts: PieceAssembler.ThoughtMarks?
    let added = Set(tokenizer.addedTokens.map(\.content))
    if added.isSuperset(of: ["<think>", "</think>"]), let open = tokenizer.id(of: "<think>"),
      let close = tokenizer.id(of: "</think>")
    {
      thoughts = PieceAssembler.ThoughtMarks(open: open, close: close)
    }
    return PromptForm.TextForm(
      tokenizer: tokenizer, template: template, beginning: beginning,
      endings: Set(template.endings.compactMap { tokenizer.id(of: $0) }), thoughts: thoughts)
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
  private func ggufForm(_ file: GGUFFile, _ continuesText: Bool) throws -> PromptForm.TextForm {
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
    let template = ChatTemplate(jinja: try file.string("tokenizer.chat_template"))
    var form = Self.form(tokenizer, template: continuesText ? .raw : template, beginning: begin)
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
