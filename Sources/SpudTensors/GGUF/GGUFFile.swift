internal import SpudErrors

/// A GGUF model: metadata and named tensors over mapped files, all of it checked when it is opened. It is one file, or
/// the parts that a large one was split into.
///
/// The format: ggml/docs/gguf.md of ggml-org/llama.cpp at 01f0d4da; the rules are those of its
/// reader (ggml/src/gguf.cpp): every count is checked against the bytes that are left before
/// anything is allocated, and tensors follow each other without holes or overlaps.
package final class GGUFFile: Sendable {
  /// The file, or the first part, which has all metadata.
  package let file: MappedFile
  /// All metadata, in the order of the file.
  package let metadata: [(key: String, value: GGUFValue)]
  /// All tensors, in the order of the files; shapes have the fastest dimension last, as everywhere here.
  package let tensors: [TensorInfo]
  /// Each file with the tensors that it holds.
  package let parts: [(file: MappedFile, tensors: [TensorInfo])]
  private let positions: [String: Int]

  /// Limits that no real file comes near.
  package enum Limits {
    package static let tensorCount = 1_000_000
    package static let metadataCount = 1_000_000
    package static let keyByteCount = 65_535
    package static let stringByteCount = 1 << 30
    /// Of all arrays together: an element takes 24 bytes in memory, and may take one in the file.
    package static let elementCount = 1 << 24
    package static let nameByteCount = 63
    package static let dimensionCount = 4
    package static let alignment = 1 << 20
  }

  /// Opens a file; where it is a part of a split model, the other parts beside it too, whichever of them it is.
  ///
  /// - Throws: `SpudError`: `.noInput` if there is no such file, or a part is missing; `.badData` if one breaks a rule
  ///   of the format, or the parts do not belong together.
  package convenience init(path: String) throws {
    try self.init(GGUFPart(MappedFile(path: path)).withOthers())
  }

  /// Reads a file that must be a whole model.
  package convenience init(_ file: MappedFile) throws {
    let part = try GGUFPart(file)
    if let split = part.split {
      throw SpudError(.badData, "\(file.name): is one of \(split.count) parts of a split model, but all are needed")
    }
    self.init([part])
  }

  private init(_ parts: [GGUFPart]) {
    file = parts[0].file
    metadata = parts[0].metadata
    positions = parts[0].positions
    tensors = parts.flatMap(\.tensors)
    self.parts = parts.map { ($0.file, $0.tensors) }
  }

  package var name: String { file.name }

  /// The metadata under `key`, or nil.
  package subscript(key: String) -> GGUFValue? { positions[key].map { metadata[$0].value } }

  /// The metadata under `key` as an integer, or nil when there is none.
  ///
  /// - Throws: `SpudError.badData` when it is there but no integer.
  package func int(_ key: String) throws -> Int? { try typed(key, "an integer", \.int) }

  /// The metadata under `key` as a number, or nil when there is none.
  package func double(_ key: String) throws -> Double? { try typed(key, "a number", \.double) }

  /// The metadata under `key` as a string, or nil when there is none.
  package func string(_ key: String) throws -> String? { try typed(key, "a string", \.string) }

  /// The metadata under `key` as a truth value, or nil when there is none.
  package func bool(_ key: String) throws -> Bool? { try typed(key, "a bool", \.bool) }

  /// The metadata under `key` as an array of strings, or nil when there is none.
  package func strings(_ key: String) throws -> [String]? {
    try typed(key, "an array of strings") { value in
      guard let array = value.array else { return nil }
      let strings = array.compactMap(\.string)
      return strings.count == array.count ? strings : nil
    }
  }

  /// The metadata under `key` as an array of integers, or nil when there is none.
  package func ints(_ key: String) throws -> [Int]? {
    try typed(key, "an array of integers") { value in
      guard let array = value.array else { return nil }
      let ints = array.compactMap(\.int)
      return ints.count == array.count ? ints : nil
    }
  }

  /// The metadata under `key` as an array of numbers, or nil when there is none.
  package func doubles(_ key: String) throws -> [Double]? {
    try typed(key, "an array of numbers") { value in
      guard let array = value.array else { return nil }
      let doubles = array.compactMap(\.double)
      return doubles.count == array.count ? doubles : nil
    }
  }

  /// The tensor called `name`, or nil.
  package func tensor(_ name: String) -> TensorInfo? { tensors.first { $0.name == name } }

  /// The stored bytes of a tensor of this model.
  @_lifetime(borrow self)
  package func bytes(of tensor: TensorInfo) -> RawSpan {
    let file = parts.first { $0.tensors.contains(tensor) }?.file ?? file
    // SAFETY: the bytes belong to a file that `self` owns and never replaces.
    return unsafe _overrideLifetime(file.unownedBytes(in: tensor.byteRange), borrowing: self)
  }

  private func typed<T>(_ key: String, _ expected: String, _ convert: (GGUFValue) -> T?) throws -> T? {
    guard let value = self[key] else { return nil }
    guard let converted = convert(value) else {
      throw SpudError(.badData, "\(name): metadata '\(key)' is of type \(value.kind), but \(expected) was expected")
    }
    return converted
  }
}
