import Foundation

/// Files made by `Scripts/goldens/media.py`.
enum Fixture {
  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path

  static func path(_ name: String) -> String { "\(directory)/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(bytes(name)))
  }

  /// Little-endian floats.
  static func floats(_ data: Data) -> [Float] {
    stride(from: 0, to: data.count, by: 4).map { offset in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[data.startIndex + offset + $1]) << (8 * UInt32($1)) }
      return Float(bitPattern: bits)
    }
  }
}

/// The distance between two lists of values.
struct Difference {
  var mean: Double
  var largest: Double

  init<Value: BinaryInteger>(_ found: [Value], _ expected: [Value]) {
    self.init(found.map { Double($0) }, expected.map { Double($0) })
  }

  init(_ found: [Float], _ expected: [Float]) {
    self.init(found.map { Double($0) }, expected.map { Double($0) })
  }

  private init(_ found: [Double], _ expected: [Double]) {
    let distances = zip(found, expected).map { abs($0 - $1) }
    // NaN compares false with everything: it must not pass for a small distance.
    largest = distances.contains { $0.isNaN } || found.count != expected.count ? .infinity : distances.max() ?? 0
    mean = distances.reduce(0, +) / Double(max(distances.count, 1))
  }
}
