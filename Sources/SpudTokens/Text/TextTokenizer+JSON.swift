internal import SpudErrors
internal import SpudTensors

extension TextTokenizer {
  /// Reads a `tokenizer.json`.
  ///
  /// - Throws: `SpudError` naming what was found and what was expected: not JSON, not a byte-pair model, a pattern or a
  ///   step that is not supported, tokens or merges that contradict each other.
  public init(path: String) throws {
    let value = try JSONValue(contentsOf: path)
    self = try TokenizerFile(value, name: path).tokenizer()
  }

  /// Reads the contents of a `tokenizer.json`, from `name` as messages have it.
  public init(json: [UInt8], name: String) throws {
    let value = try JSONValue(parsing: json, name: name)
    self = try TokenizerFile(value, name: name).tokenizer()
  }
}

/// The parts of a tokenizer.json, checked one by one.
///
/// Source: the serialization of huggingface/tokenizers, version "1.0".
private struct TokenizerFile {
  let name: String
  let root: JSONObjectReader

  init(_ value: JSONValue, name: String) throws {
    self.name = name
    root = try JSONObjectReader(value, name: name, path: "the file")
  }

  func tokenizer() throws -> TextTokenizer {
    guard try root.string("version") == "1.0" else { throw root.wrong("version", expected: "\"1.0\"") }
    let model = try root.object("model")
    // Files before 2022 may leave the type out.
    guard try model.optionalString("type") ?? "BPE" == "BPE" else {
      throw model.wrong("type", expected: "\"BPE\"")
    }
    let vocabulary = try model.members("vocab")
    let merges = try model.array("merges")
    var builder = TextTokenizerBuilder(name: name, tokenCount: vocabulary.count, mergeCount: merges.count)
    try readModel(model, into: &builder)
    for member in vocabulary {
      guard let id = member.value.int else {
        throw builder.bad("token \(builder.shown(member.key)) has no whole number as its id")
      }
      try builder.add(token: member.key, id: id)
    }
    for merge in merges {
      if let pair = merge.string {
        try builder.addMerge(pair)
      } else if let pair = merge.array, pair.count == 2, let left = pair[0].string, let right = pair[1].string {
        try builder.addMerge(left, right)
      } else {
        throw model.wrong("merges", expected: "\"left right\" or [\"left\", \"right\"] throughout")
      }
    }
    try readNormalizer(root.optionalObject("normalizer"), into: &builder)
    try readPreTokenizer(root.optionalObject("pre_tokenizer"), into: &builder)
    try readDecoder(root.optionalObject("decoder"), into: &builder)
    for token in try root.optionalArray("added_tokens") ?? [] {
      try builder.add(addedToken(JSONObjectReader(token, name: name, path: "added_tokens"), builder))
    }
    try readTemplate(root.optionalObject("post_processor"), into: &builder)
    return try builder.finished()
  }

  private func readModel(_ model: JSONObjectReader, into builder: inout TextTokenizerBuilder) throws {
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard try model.optionalString(key) ?? "" == "" else { throw model.wrong(key, expected: "nothing") }
    }
    if let dropout = try model.optionalNumber("dropout"), dropout != 0 {
      throw model.wrong("dropout", expected: "0: with it the same text has different ids each time")
    }
    builder.ignoresMerges = try model.optionalBool("ignore_merges") ?? false
    builder.usesByteTokens = try model.optionalBool("byte_fallback") ?? false
    builder.fusesUnknown = try model.optionalBool("fuse_unk") ?? false
    builder.unknownToken = try model.optionalString("unk_token")
  }

  private func addedToken(_ token: JSONObjectReader, _ builder: TextTokenizerBuilder) throws -> AddedToken {
    let content = try token.string("content")
    var added = AddedToken(id: try builder.checked(id: token.integer("id"), of: content), content: content)
    added.singleWord = try token.optionalBool("single_word") ?? false
    added.stripsLeft = try token.optionalBool("lstrip") ?? false
    added.stripsRight = try token.optionalBool("rstrip") ?? false
    added.isSpecial = try token.optionalBool("special") ?? false
    added.isNormalized = try token.optionalBool("normalized") ?? !added.isSpecial
    return added
  }

  private func readNormalizer(_ step: JSONObjectReader?, into builder: inout TextTokenizerBuilder) throws {
    guard let step else { return }
    switch try step.string("type") {
    case "Sequence":
      for part in try step.objects("normalizers") { try readNormalizer(part, into: &builder) }
    case "Lowercase": try add(.lowercase, as: "type", of: step, into: &builder)
    case "StripAccents": try add(.accentStripping, as: "type", of: step, into: &builder)
    case "Strip":
      let change = TextTokenizer.Normalization.trim(
        left: try step.optionalBool("strip_left") ?? true, right: try step.optionalBool("strip_right") ?? true)
      try add(change, as: "type", of: step, into: &builder)
    case "Prepend":
      let prefix = Array(try step.string("prepend").utf8)
      guard prefix.count <= 4 else { throw step.wrong("prepend", expected: "at most four bytes") }
      try add(.prepend(prefix), as: "prepend", of: step, into: &builder)
    case "Replace":
      let old = try step.object("pattern").string("String")
      let new = try step.string("content")
      guard !old.isEmpty else { throw step.wrong("pattern", expected: "a text") }
      guard new.utf8.count <= 4 * old.utf8.count else {
        throw step.wrong("content", expected: "at most four times the pattern")
      }
      try add(.replace(Array(old.utf8), with: Array(new.utf8)), as: "content", of: step, into: &builder)
    case let type:
      guard let form = NormalForm(rawValue: type) else {
        throw step.wrong(
          "type",
          expected: "a normalizer of type NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace or a "
            + "Sequence of them")
      }
      try add(.form(form), as: "type", of: step, into: &builder)
    }
  }

  /// Adds a change to the text; `key` is what an error names. Each may make the text several times as long, so together
  /// they must be few.
  private func add(
    _ change: TextTokenizer.Normalization, as key: String, of step: JSONObjectReader,
    into builder: inout TextTokenizerBuilder
  ) throws {
    guard builder.normalizations.count < 4 else {
      throw step.wrong(key, expected: "at most four steps that change the text")
    }
    builder.normalizations.append(change)
  }

  private func readPreTokenizer(_ step: JSONObjectReader?, into builder: inout TextTokenizerBuilder) throws {
    // Without one the text is one word, as files of the Llama 2 family have it.
    guard let step else {
      builder.isByteLevel = false
      return
    }
    switch try step.string("type") {
    case "ByteLevel": try readByteLevel(step, isAlone: true, into: &builder)
    case "Metaspace": try readMetaspace(step, into: &builder)
    case "Sequence":
      let parts = try step.objects("pretokenizers")
      // Few, for each looks at every character.
      guard let last = parts.last, parts.count <= 8, try last.string("type") == "ByteLevel" else {
        throw step.wrong("pretokenizers", expected: "at most eight, ByteLevel the last of them")
      }
      builder.preTokenizers = try parts.dropLast().map(splitter)
      try readByteLevel(last, isAlone: parts.count == 1, into: &builder)
    default:
      throw step.wrong("type", expected: "a pre-tokenizer of type ByteLevel, Metaspace or Sequence")
    }
  }

  /// One of the pre-tokenizers that may precede ByteLevel.
  private func splitter(_ step: JSONObjectReader) throws -> PreTokenizer {
    switch try step.string("type") {
    case "Digits": return .digits(individual: try step.optionalBool("individual_digits") ?? false)
    case "Whitespace": return .whitespace
    case "WhitespaceSplit": return .whitespaceSplit
    case "Punctuation":
      switch try step.optionalString("behavior") ?? "Isolated" {
      case "Isolated": return .punctuation(individual: true)
      case "Contiguous": return .punctuation(individual: false)
      default: throw step.wrong("behavior", expected: "Isolated or Contiguous")
      }
    case "Split":
      let behavior = try step.string("behavior")
      let isInverted = try step.optionalBool("invert") ?? false
      // The patterns match all of a text, so keeping the matches as words is the same as keeping only the matches.
      guard (behavior == "Isolated" && !isInverted) || (behavior == "Removed" && isInverted) else {
        throw step.wrong("behavior", expected: "\"Isolated\", or \"Removed\" with \"invert\"")
      }
      return try PreTokenizer(pattern: step.object("pattern").string("Regex"), in: name)
    default:
      throw step.wrong("type", expected: "Split, Digits, Punctuation, Whitespace or WhitespaceSplit before ByteLevel")
    }
  }

  private func readByteLevel(
    _ step: JSONObjectReader, isAlone: Bool, into builder: inout TextTokenizerBuilder
  ) throws {
    builder.isByteLevel = true
    let splits = try step.optionalBool("use_regex") ?? true
    let prefixes = try step.optionalBool("add_prefix_space") ?? true
    if splits { builder.preTokenizers.append(.gpt2) }
    guard isAlone || !prefixes else {
      // It would go before each word of the steps before.
      throw step.wrong("add_prefix_space", expected: "false where other pre-tokenizers stand before")
    }
    if prefixes { builder.prefix = .everywhere([UInt8(ascii: " ")]) }
  }

  private func readMetaspace(_ step: JSONObjectReader, into builder: inout TextTokenizerBuilder) throws {
    builder.isByteLevel = false
    guard try step.optionalBool("split") == false else { throw step.wrong("split", expected: "false") }
    let replacement = try step.string("replacement")
    // Decoding looks for the mark: an empty one would be found everywhere.
    guard replacement.unicodeScalars.count == 1 else { throw step.wrong("replacement", expected: "one character") }
    let mark = Array(replacement.utf8)
    builder.spaceMark = mark
    try add(.replace([UInt8(ascii: " ")], with: mark), as: "replacement", of: step, into: &builder)
    switch try step.optionalString("prepend_scheme") ?? "always" {
    case "always": builder.prefix = .everywhere(mark)
    case "first": builder.prefix = .firstOnly(mark)
    case "never": builder.prefix = .none
    default: throw step.wrong("prepend_scheme", expected: "always, first or never")
    }
  }

  private func readDecoder(_ step: JSONObjectReader?, into builder: inout TextTokenizerBuilder) throws {
    guard let step else { return }
    switch try step.string("type") {
    case "ByteLevel":
      guard builder.isByteLevel else { throw step.wrong("type", expected: "the decoder of a Metaspace model") }
    case "Metaspace":
      builder.stripsLeadingSpace = builder.prefix != .none
    case "Sequence":
      for part in try step.objects("decoders") {
        let type = try part.string("type")
        guard ["Replace", "ByteFallback", "Fuse", "Strip", "ByteLevel", "Metaspace"].contains(type) else {
          throw part.wrong("type", expected: "Replace, ByteFallback, Fuse, Strip, ByteLevel or Metaspace")
        }
        if type == "Strip", try part.optionalInteger("start") == 1 { builder.stripsLeadingSpace = true }
      }
    default:
      throw step.wrong("type", expected: "a decoder of type ByteLevel, Metaspace or Sequence")
    }
  }

  /// Finds what a template puts before and after one text: `beginID` and `endID`.
  private func readTemplate(_ step: JSONObjectReader?, into builder: inout TextTokenizerBuilder) throws {
    guard let step else { return }
    switch try step.string("type") {
    case "Sequence":
      for part in try step.objects("processors") { try readTemplate(part, into: &builder) }
    case "TemplateProcessing":
      var isAfter = false
      for piece in try step.objects("single") {
        guard let special = try piece.optionalObject("SpecialToken") else {
          isAfter = true
          continue
        }
        let token = try special.string("id")
        guard let id = builder.table.id(of: Array(token.utf8)) else {
          throw special.wrong("id", expected: "a token of the vocabulary")
        }
        if isAfter { builder.endID = builder.endID ?? id } else { builder.beginID = builder.beginID ?? id }
      }
    default: break  // Others move offsets, which ids do not have.
    }
  }
}
