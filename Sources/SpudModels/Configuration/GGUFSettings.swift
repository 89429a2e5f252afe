internal import SpudErrors
internal import SpudTensors

/// Reads typed, bounded values from a GGUF file's metadata, and says what was wrong with one that is not.
struct GGUFSettings {
  private let source: GGUFFile
  private let shapes: [String: [Int]]

  init(_ file: GGUFFile) {
    source = file
    shapes = Dictionary(file.tensors.map { ($0.name, $0.shape) }) { first, _ in first }
  }

  /// The shape of a tensor of the file, or nil when there is none of that name.
  func shape(of tensor: String) -> [Int]? { shapes[tensor] }

  /// The file, for errors.
  var file: String { source.name }

  func optionalInt(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = source[key] else { return nil }
    guard let int = value.int, range.contains(int) else {
      throw wrong(key, value, "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  func int(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard let int = try optionalInt(key, in: range) else { throw missing(key) }
    return int
  }

  func optionalDouble(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    guard let value = source[key] else { return nil }
    guard let double = value.double, range.contains(double) else {
      throw wrong(key, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return double
  }

  func optionalBool(_ key: String) throws -> Bool? {
    guard let value = source[key] else { return nil }
    guard let bool = value.bool else { throw wrong(key, value, "true or false") }
    return bool
  }

  func optionalString(_ key: String) throws -> String? {
    guard let value = source[key] else { return nil }
    guard let string = value.string else { throw wrong(key, value, "a string") }
    return string
  }

  func string(_ key: String) throws -> String {
    guard let string = try optionalString(key) else { throw missing(key) }
    return string
  }

  private func missing(_ key: String) -> SpudError {
    SpudError(.badData, "\(file): has no '\(key)', which the model's shape depends on")
  }

  private func wrong(_ key: String, _ value: GGUFValue, _ expected: String) -> SpudError {
    let found: String
    if let double = value.double, double.isFinite {
      found = value.int.map(String.init) ?? String(double)
    } else {
      found = "of type \(value.kind)"
    }
    return SpudError(.badData, "\(file): '\(key)' is \(found), but \(expected) was expected")
  }
}
