internal import SpudErrors

/// A `.gguf` file: metadata and named tensors over a mapped file, all of it checked when it is opened.
///
/// The format: ggml/docs/gguf.md of ggml-org/llama.cpp at 01f0d4da; the rules are those of its
/// reader (ggml/src/gguf.cpp): every count is checked against the bytes that are left before
/// anything is allocated, and tensors follow each other without holes or overlaps.
package final class GGUFFile: Sendable {
  package let file: MappedFile
  /// All metadata, in the order of the file.
  package let metadata: [(key: String, value: GGUFValue)]
  /// All tensors, in the order of the file; shapes have the fastest dimension last, as everywhere here.
  package let tensors: [TensorInfo]
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

  /// - Throws: `SpudError.noInput` if there is no such file, `.badData` if it breaks a rule of the format.
  package convenience init(path: String) throws {
    try self.init(MappedFile(path: path))
  }

  package init(_ file: MappedFile) throws {
    self.file = file
    var reader = GGUFReader(file)
    let counts = try reader.readHeader()
    let metadata = try reader.readMetadata(count: counts.metadata)
    var positions: [String: Int] = [:]
    for (position, entry) in metadata.enumerated() { positions[entry.key] = position }
    self.metadata = metadata
    self.positions = positions

    func value(_ key: String) -> GGUFValue? { positions[key].map { metadata[$0].value } }
    let alignment = try reader.alignment(from: value("general.alignment"))
    if let parts = value("split.count")?.int, parts > 1 {
      throw SpudError(
        .badData,
        "\(file.name): is one of \(parts) parts of a split model, but one whole file is needed; "
          + "llama.cpp's `llama-gguf-split --merge` joins them")
    }
    tensors = try reader.readTensors(count: counts.tensors, alignment: alignment)
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

  /// The stored bytes of a tensor of this file.
  @_lifetime(borrow self)
  package func bytes(of tensor: TensorInfo) -> RawSpan {
    // SAFETY: the bytes belong to `file`, which `self` owns and never replaces.
    unsafe _overrideLifetime(file.unownedBytes(in: tensor.byteRange), borrowing: self)
  }

  private func typed<T>(_ key: String, _ expected: String, _ convert: (GGUFValue) -> T?) throws -> T? {
    guard let value = self[key] else { return nil }
    guard let converted = convert(value) else {
      throw SpudError(.badData, "\(name): metadata '\(key)' is of type \(value.kind), but \(expected) was expected")
    }
    return converted
  }
}
