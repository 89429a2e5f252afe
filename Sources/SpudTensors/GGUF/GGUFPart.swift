internal import SpudErrors

/// One file of a GGUF model, read and checked: all of it, or one of the parts that it was split into.
struct GGUFPart: Sendable {
  let file: MappedFile
  let metadata: [(key: String, value: GGUFValue)]
  let positions: [String: Int]
  /// In the order of the file; shapes have the fastest dimension last.
  let tensors: [TensorInfo]
  /// What it says about the split that it is a part of; nil for a whole model.
  let split: Split?

  /// A place among the parts of a model.
  struct Split: Equatable {
    /// From 0.
    let number: Int
    let count: Int
    /// Of all parts together; nil where the part does not say.
    let tensorCount: Int?
  }

  init(_ file: MappedFile) throws {
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
    split = try Self.split(name: file.name, value)
    tensors = try reader.readTensors(count: counts.tensors, alignment: alignment)
  }

  private static func split(name: String, _ value: (String) -> GGUFValue?) throws -> Split? {
    func int(_ key: String) throws -> Int? {
      guard let value = value(key) else { return nil }
      guard let int = value.int, int >= 0 else {
        throw SpudError(.badData, "\(name): metadata '\(key)' is no whole number from 0")
      }
      return int
    }
    guard let count = try int("split.count"), count > 1 else { return nil }
    guard count <= Self.largestCount else {
      throw SpudError(.badData, "\(name): is one of \(count) parts, but a model can have \(Self.largestCount)")
    }
    guard let number = try int("split.no"), number < count else {
      throw SpudError(.badData, "\(name): is one of \(count) parts, but 'split.no' does not say which one")
    }
    return Split(number: number, count: count, tensorCount: try int("split.tensors.count"))
  }

  /// Five digits of a name, and two bytes of a file.
  private static let largestCount = 65_535

  /// The parts of the model that this file is one of, in order; the file alone where it is whole.
  ///
  /// - Throws: `SpudError`: `.noInput` when a part is not there; `.badData` when a file is not the part that its name
  ///   says, or is of another model.
  func withOthers() throws -> [GGUFPart] {
    guard let split else { return [self] }
    let suffix = Self.suffix(split.number, of: split.count)
    guard file.name.hasSuffix(suffix) else {
      throw SpudError(
        .badData,
        "\(file.name): says that it is part \(split.number + 1) of \(split.count) of a model, but its name does not "
          + "end in \(suffix)")
    }
    let stem = String(file.name.dropLast(suffix.count))
    let parts = try (0..<split.count).map { number in
      if number == split.number { return self }
      let path = stem + Self.suffix(number, of: split.count)
      guard MappedFile.exists(path) else {
        throw SpudError(.noInput, "\(path): part \(number + 1) of \(split.count) of the model is not there")
      }
      let part = try GGUFPart(MappedFile(path: path))
      try part.check(number: number, of: split)
      return part
    }
    try Self.checkTogether(parts)
    return parts
  }

  private static func suffix(_ number: Int, of count: Int) -> String {
    func digits(_ value: Int) -> String { String(repeating: "0", count: max(0, 5 - "\(value)".count)) + "\(value)" }
    return "-\(digits(number + 1))-of-\(digits(count)).gguf"
  }

  private func check(number: Int, of other: Split) throws {
    guard let split else {
      throw SpudError(
        .badData, "\(file.name): is a whole model, but part \(number + 1) of \(other.count) of one was expected")
    }
    guard split.number == number, split.count == other.count else {
      throw SpudError(
        .badData,
        "\(file.name): says that it is part \(split.number + 1) of \(split.count), but its name says part "
          + "\(number + 1) of \(other.count)")
    }
    guard split.tensorCount == other.tensorCount else {
      func text(_ count: Int?) -> String { count.map { "\($0) tensors" } ?? "an unknown number of tensors" }
      throw SpudError(
        .badData,
        "\(file.name): is a part of a model of \(text(split.tensorCount)), but the other parts are of one of "
          + text(other.tensorCount))
    }
  }

  /// Checks what no part can know alone.
  private static func checkTogether(_ parts: [GGUFPart]) throws {
    let first = parts[0]
    for part in parts.dropFirst() {
      for entry in part.metadata where !entry.key.hasPrefix("split.") {
        if let position = first.positions[entry.key], first.metadata[position].value != entry.value {
          throw SpudError(
            .badData, "\(part.file.name): is a part of another model: its '\(entry.key)' differs from the first part's")
        }
      }
    }
    let found = parts.reduce(0) { $0 + $1.tensors.count }
    if let declared = first.split?.tensorCount, declared != found {
      throw SpudError(
        .badData,
        "\(first.file.name): its model has \(declared) tensors, but its \(parts.count) parts hold \(found)")
    }
  }
}
