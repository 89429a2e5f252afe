internal import SpudErrors

/// A model's tensors, whichever files hold them: one safetensors file, shards with their index, or GGUF.
package final class TensorSource: Sendable {
  package let files: [MappedFile]
  /// What errors call the whole: the directory or the file.
  package let name: String
  private let entries: [[UInt8]: Entry]
  /// Tensors that are made of stored ones, which are hidden behind them.
  private let derived: [[UInt8]: DerivedTensor]
  private let hidden: Set<[UInt8]>

  private struct Entry: Sendable {
    let tensor: TensorInfo
    let file: Int
  }

  /// - Parameter files: Each file with the tensors that it holds. No two tensors may share a name.
  package init(name: String, _ files: [(file: MappedFile, tensors: [TensorInfo])]) throws {
    self.name = name
    self.files = files.map(\.file)
    var entries: [[UInt8]: Entry] = [:]
    for (index, part) in files.enumerated() {
      for tensor in part.tensors {
        if let other = entries.updateValue(Entry(tensor: tensor, file: index), forKey: Array(tensor.name.utf8)) {
          throw SpudError(
            .badData, "\(part.file.name): tensor '\(tensor.name)' is in \(files[other.file].file.name) as well")
        }
      }
    }
    self.entries = entries
    derived = [:]
    hidden = []
  }

  /// The tensors of `source`, some of them replaced by what they are the parts of.
  ///
  /// - Parameters:
  ///   - source: Tensors as they are stored.
  ///   - derived: What is made of them. Their parts are not seen any more.
  ///   - ignored: Stored tensors that say nothing about weights.
  /// - Throws: `SpudError.badData` when a tensor is there and also made of others.
  package init(_ source: TensorSource, deriving derived: [DerivedTensor], ignoring ignored: [String] = []) throws {
    files = source.files
    name = source.name
    entries = source.entries
    hidden = Set((derived.flatMap(\.parts) + ignored).map { Array($0.utf8) })
    var made: [[UInt8]: DerivedTensor] = [:]
    for tensor in derived {
      let key = Array(tensor.info.name.utf8)
      guard made.updateValue(tensor, forKey: key) == nil, entries[key] == nil || hidden.contains(key) else {
        throw SpudError(
          .badData,
          "\(source.fileName(of: tensor.parts[0])): tensor '\(tensor.parts[0])' is a part of '\(tensor.info.name)', "
            + "which is there as well")
      }
    }
    self.derived = made
  }

  /// The names of all tensors, sorted.
  package var tensorNames: [String] {
    let stored = entries.lazy.filter { !self.hidden.contains($0.key) }.map(\.value.tensor.name)
    return (Array(stored) + derived.values.map(\.info.name)).sorted()
  }

  /// Bytes of all tensors together.
  package var byteCount: Int { entries.values.reduce(0) { $0 + $1.tensor.byteRange.count } }

  package subscript(name: String) -> TensorInfo? {
    let key = Array(name.utf8)
    return derived[key]?.info ?? (hidden.contains(key) ? nil : entries[key]?.tensor)
  }

  /// The file that holds a tensor, for errors.
  package func fileName(of tensor: String) -> String {
    let key = Array(tensor.utf8)
    return entries[derived[key].map { Array($0.parts[0].utf8) } ?? key].map { files[$0.file].name } ?? name
  }

  /// Calls `body` with a tensor's stored bytes, then gives their pages back: a model is read once, and then
  /// lives on in the form that the kernels want.
  ///
  /// - Throws: `SpudError.badData` when there is no such tensor.
  package func withBytes<Result>(
    of name: String, thenDrop: Bool = true, _ body: (TensorInfo, RawSpan) throws -> Result
  ) throws -> Result {
    if let made = derived[Array(name.utf8)] {
      let bytes = try made.bytes(self)
      // SAFETY: bytes have no padding, and the span does not outlive the call.
      return try unsafe body(made.info, bytes.span.bytes)
    }
    return try withStoredBytes(of: name, thenDrop: thenDrop, body)
  }

  /// Where a tensor's bytes lie; nil when it is made of others.
  package func place(of name: String) -> (file: MappedFile, range: Range<Int>)? {
    let key = Array(name.utf8)
    guard derived[key] == nil, let entry = entries[key] else { return nil }
    return (files[entry.file], entry.tensor.byteRange)
  }

  /// The same of a tensor as it is stored, which may be a part of another.
  func withStoredBytes<Result>(
    of name: String, thenDrop: Bool = true, _ body: (TensorInfo, RawSpan) throws -> Result
  ) throws -> Result {
    guard let entry = entries[Array(name.utf8)] else {
      throw SpudError(.badData, "\(self.name): there is no tensor '\(name)', but config.json implies one")
    }
    let file = files[entry.file]
    let range = entry.tensor.byteRange
    file.advise(.willNeed, range)
    let result = try body(entry.tensor, file.bytes.extracting(range))
    if thenDrop { file.advise(.drop, range) }
    return result
  }
}

extension TensorSource {
  /// The tensors of an opened GGUF model.
  package convenience init(_ file: GGUFFile) throws {
    try self.init(name: file.name, file.parts)
  }

  /// Opens `model.safetensors` of a Hugging Face directory, or the shards that its index lists.
  ///
  /// - Throws: `SpudError.noInput` when neither is there; `.badData` when index and shards disagree.
  package convenience init(safetensorsIn directory: String) throws {
    let single = directory + "/model.safetensors"
    let indexPath = single + ".index.json"
    // The single file first: a directory that has both is one that was merged.
    if MappedFile.exists(single) {
      let file = try SafetensorsFile(path: single)
      try self.init(name: directory, [(file.file, file.tensors)])
      return
    }
    guard MappedFile.exists(indexPath) else {
      throw SpudError(.noInput, "\(directory): has neither model.safetensors nor model.safetensors.index.json")
    }
    let index = try JSONValue(contentsOf: indexPath)
    guard let map = index["weight_map"]?.object, !map.isEmpty else {
      throw SpudError(.badData, "\(indexPath): needs an object 'weight_map' that names a shard for each tensor")
    }
    var shards: [String] = []
    var seen: Set<String> = []
    for member in map.members {
      guard let shard = member.value.string else {
        throw SpudError(.badData, "\(indexPath): tensor '\(member.key)' is in \(member.value.kind), not in a file")
      }
      if seen.insert(shard).inserted { shards.append(shard) }
    }
    var parts: [(file: MappedFile, tensors: [TensorInfo])] = []
    for shard in shards {
      // Shard names come from a file that anybody could have written: they must stay inside the directory.
      guard shard.hasSuffix(".safetensors"), !shard.hasPrefix("."), shard.utf8.allSatisfy({ Self.isPlain($0) }) else {
        throw SpudError(.badData, "\(indexPath): '\(shard)' is no plain name of a .safetensors file")
      }
      let file = try SafetensorsFile(path: directory + "/" + shard)
      parts.append((file.file, file.tensors))
      for tensor in file.tensors where map[tensor.name]?.string != shard {
        let listed = map[tensor.name]?.string ?? "nowhere"
        throw SpudError(
          .badData, "\(directory)/\(shard): holds tensor '\(tensor.name)', which the index says is in \(listed)")
      }
    }
    try self.init(name: directory, parts)
    for member in map.members where self[member.key] == nil {
      throw SpudError(
        .badData, "\(indexPath): lists tensor '\(member.key)', which \(member.value.string ?? "no shard") does not hold"
      )
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
