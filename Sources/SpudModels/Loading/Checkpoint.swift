internal import SpudErrors
internal import SpudKernels
package import SpudTensors

/// A model's files, opened: its plan, and the tensors that the plan asks for.
///
/// It remembers what has been taken: a tensor that nobody asked for is as much an error as a missing one, since either
/// means that this is not the model that the configuration describes.
package final class Checkpoint {
  /// Where a model is.
  package enum Source {
    /// A Hugging Face directory with safetensors.
    case directory(String)
    /// An opened GGUF file.
    case gguf(GGUFFile)
  }

  package private(set) var configuration: ModelConfiguration

  /// Fixes what depends on the length of the context, for all positions alike, as a model of `context` positions has
  /// it: keys in a cache could not change any more when a sequence grows. A base that grows with the context has no
  /// end: the model is one of `context` positions then.
  package func freeze(forContext context: Int) {
    for index in configuration.layers.indices {
      switch configuration.layers[index].attention {
      case .grouped(var plan):
        plan.rotary.scaling = plan.rotary.scaling.frozen(for: context)
        if case .dynamic = plan.rotary.scaling, ModelConfiguration.Limits.context.contains(context) {
          configuration.contextLength = max(configuration.contextLength, context)
        }
        configuration.layers[index].attention = .grouped(plan)
      }
    }
  }

  let format: CheckpointFormat
  let tensors: TensorSource
  /// Whether names lack `model.` before them: a base model that was saved alone.
  private let isBase: Bool
  private var used: Set<[UInt8]> = []

  /// Tensors of these names, or that end so, carry nothing that is not computed anyway.
  private static let ignored = ["rotary_emb.inv_freq"]
  private static let prefix = "model."

  /// - Throws: `SpudError`: `.noInput` when there is no such model; `.badData` when the files contradict each other, or
  ///   are for an architecture that this runtime does not know.
  package init(_ source: Source) throws {
    switch source {
    case .directory(let path):
      configuration = try ModelConfiguration(huggingFace: path)
      tensors = try TensorSource(modelDirectory: path)
      format = .huggingFace
    case .gguf(let file):
      configuration = try ModelConfiguration(gguf: file)
      tensors = try TensorSource(file)
      format = .gguf
    }
    isBase = format == .huggingFace && !tensors.tensorNames.contains { $0.hasPrefix(Self.prefix) }
    try resolveTie()
  }

  package convenience init(path: String) throws {
    guard MappedFile.exists(path) else { throw SpudError(.noInput, "\(path): there is no such model") }
    try self.init(MappedFile.isDirectory(path) ? .directory(path) : .gguf(GGUFFile(path: path)))
  }

  /// The name under which a tensor is there, or else the one under which it was expected.
  func name(of tensor: TensorPlan) -> String {
    let names = tensor.names(in: format).map(spelled)
    return names.first(where: has) ?? names[0]
  }

  /// A name as this checkpoint spells it.
  func spelled(_ name: String) -> String {
    isBase && name.hasPrefix(Self.prefix) ? String(name.dropFirst(Self.prefix.count)) : name
  }

  /// How the experts of a layer lie here, spelled as here; where none are, as they were expected.
  func form(of experts: ExpertsPlan) -> ExpertForm {
    let forms = (format == .gguf ? experts.ggufForms : experts.forms).map { $0.renamed(spelled) }
    return forms.first { has($0.mark) } ?? forms[0]
  }

  /// Finds a tensor, checks its shape and marks it as used.
  ///
  /// - Throws: `SpudError.badData` when it is not there, or has another shape.
  @discardableResult
  func use(_ name: String, shape: [Int]) throws -> TensorInfo {
    guard let tensor = tensors[name] else { throw missing(name) }
    guard tensor.shape == shape else {
      throw SpudError(
        .badData, "\(describe(name)) has shape \(tensor.shape), but the configuration implies \(shape)")
    }
    used.insert(Array(name.utf8))
    return tensor
  }

  /// Finds a tensor that must hold weights.
  ///
  /// - Throws: `SpudError.badData` when it is not there, or its elements are of a type that weights cannot have.
  @discardableResult
  func weights(_ name: String) throws -> TensorInfo {
    guard let tensor = tensors[name] else { throw missing(name) }
    guard ElementType.readable.contains(tensor.elementType) else {
      let choices = ElementType.readable.map(\.rawValue).joined(separator: ", ")
      throw SpudError(
        .badData, "\(describe(name)) has elements of type \(tensor.elementType), but weights can be \(choices)")
    }
    return tensor
  }

  /// - Throws: `SpudError.badData` if there is a tensor that was never used, unless it says nothing: it is empty, it
  ///   can be computed, or it is a copy of the embedding.
  func checkAllUsed() throws {
    let ignored = Self.ignored + (configuration.isTied ? configuration.head.names(in: format) : [])
    let unused = tensors.tensorNames.filter { name in
      has(name) && !used.contains(Array(name.utf8)) && !ignored.contains { name == $0 || name.hasSuffix(".\($0)") }
    }
    guard let first = unused.first else { return }
    let others = unused.count > 1 ? " and \(unused.count - 1) more" : ""
    throw SpudError(
      .badData,
      "\(tensors.fileName(of: first)): holds tensor '\(first)'\(others), which the configuration gives no use for")
  }

  /// What errors call a tensor.
  func describe(_ name: String) -> String { "\(tensors.fileName(of: name)): tensor '\(name)'" }

  func missing(_ name: String) -> SpudError {
    guard name == configuration.head.names[0] else {
      return SpudError(.badData, "\(tensors.name): there is no tensor '\(name)', but the configuration implies one")
    }
    return SpudError(
      .badData,
      "\(tensors.name): there is no tensor '\(name)', and config.json does not make the embedding the output "
        + "('tie_word_embeddings'), so nothing makes logits")
  }

  /// Whether a tensor is there and holds anything.
  private func has(_ name: String) -> Bool { tensors[name].map { $0.elementCount > 0 } ?? false }

  /// Decides what a tied model that brings a head is: with the embedding's copy it is tied, with another head it is
  /// not, and with the head alone that is the embedding too.
  ///
  /// Source: `PreTrainedModel.tie_weights` of huggingface/transformers 5.23.0.
  private func resolveTie() throws {
    let head = name(of: configuration.head)
    guard format == .huggingFace, configuration.isTied, has(head) else { return }
    let embedding = name(of: configuration.embedding)
    if has(embedding) {
      configuration.isTied = try holdsSame(embedding, head)
    } else {
      configuration.embedding.names.append(head)
    }
  }

  private func holdsSame(_ first: String, _ second: String) throws -> Bool {
    guard tensors[first]?.shape == tensors[second]?.shape else { return false }
    return try tensors.withBytes(of: first, thenDrop: false) { one, bytes in
      try tensors.withBytes(of: second, thenDrop: false) { other, otherBytes in
        guard one.elementType == other.elementType else {
          return try Dequantization.floats(of: bytes, one.elementType, name: describe(first))
            == Dequantization.floats(of: otherBytes, other.elementType, name: describe(second))
        }
        return bytes.holdsSameBytes(as: otherBytes)
      }
    }
  }
}

extension RawSpan {
  /// Whether both hold the same bytes. Reads both once.
  fileprivate func holdsSameBytes(as other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    let whole = byteCount / 8 * 8
    for offset in stride(from: 0, to: whole, by: 8)
    where loadLittleEndian(fromByteOffset: offset, as: UInt64.self)
      != other.loadLittleEndian(fromByteOffset: offset, as: UInt64.self)
    {
      return false
    }
    for offset in whole..<byteCount
    where loadLittleEndian(fromByteOffset: offset, as: UInt8.self)
      != other.loadLittleEndian(fromByteOffset: offset, as: UInt8.self)
    {
      return false
    }
    return true
  }
}
