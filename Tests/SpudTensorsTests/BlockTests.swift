import Foundation
import SpudErrors
import SpudTensors
import Testing

/// Fixtures by Scripts/goldens/blocks.py: random blocks of every type, and what the `gguf` package decodes them to.
@Suite("Blocks of every type")
struct BlockTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
  let file: GGUFFile

  init() throws {
    file = try GGUFFile(path: Self.folder.appendingPathComponent("blocks.gguf").path)
  }

  /// All that a weight can be, but the two that the package's version does not know.
  static let types = ElementType.readable.filter { $0 != .f32 && $0 != .q2_0 }

  @Test("blocks have the values that the gguf package gives them, bit for bit", arguments: types)
  func decode(_ type: ElementType) throws {
    let tensor = try #require(file.tensor(type.rawValue.lowercased()))
    #expect(tensor.elementType == type)
    let found = try Dequantization.floats(of: file.bytes(of: tensor), type, name: "blocks")
    let golden = try #require(file.tensor(type.rawValue.lowercased() + ".values"))
    let expected = try Dequantization.floats(of: file.bytes(of: golden), .f32, name: "values")
    #expect(found.count == expected.count && found.contains { $0 != 0 })
    // Zeros are equal whatever their sign is.
    let differing = zip(found, expected).filter { $0 != $1 && !($0.isNaN && $1.isNaN) }
    #expect(differing.isEmpty, "\(differing.prefix(3))")
  }

  @Test("64 pairs of bits are -1, 0, 1 and 2 times a scale")
  func bitPairs() throws {
    let bytes: [UInt8] = [0, 0x38] + [UInt8](repeating: 0b11_10_01_00, count: 16)
    let file = try MappedFile(copying: bytes, name: "test")
    #expect(try Dequantization.floats(of: file.bytes, .q2_0, name: "test").prefix(5) == [-0.5, 0, 0.5, 1, -0.5])
  }

  @Test("half a block is refused, and so is what weights cannot be")
  func refused() throws {
    for type in Self.types where type.blockBitCount > 8 {
      let bytes = try MappedFile(copying: [UInt8](repeating: 0, count: type.blockBitCount / 8 - 1), name: "test")
      #expect(throws: SpudError.self) { try Dequantization.floats(of: bytes.bytes, type, name: "test") }
    }
    let bytes = try MappedFile(copying: [1, 2, 3, 4], name: "test")
    #expect(throws: SpudError.self) { try Dequantization.floats(of: bytes.bytes, .i32, name: "test") }
  }

  @Test("a type has one number in GGUF, and is found by it")
  func numbers() {
    let numbers = ElementType.allCases.compactMap(\.ggufID)
    #expect(Set(numbers).count == numbers.count)
    for type in ElementType.allCases {
      if let id = type.ggufID { #expect(ElementType(ggufID: id) == type) }
    }
    #expect(ElementType.readable.count == 31)
  }

  /// Sums of uniform numbers, which are nearly normal.
  static let values: [Float] = {
    var state: UInt64 = 7
    return (0..<256 * 64).map { _ in
      var sum: Float = -6
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Float(state >> 40) / Float(1 << 24)
      }
      return sum / 20
    }
  }()

  /// What llama.cpp's quantizer leaves of normal numbers, relative to their squares.
  static let budgets: [(type: ElementType, error: Double)] = [
    (.q8_0, 2.9e-5), (.q6_k, 3.1e-4), (.q5_k, 1.31e-3), (.q5_1, 1.46e-3), (.q5_0, 1.85e-3), (.q4_k, 5.1e-3),
    (.q4_0, 7.5e-3), (.mxfp4, 1.4e-2),
  ]

  @Test("what is written leaves no larger errors than llama.cpp's quantizer does", arguments: budgets)
  func encode(_ type: ElementType, _ budget: Double) throws {
    for importance in [nil, [Float](repeating: 1, count: 1024)] {
      let bytes = Quantization.bytes(of: Self.values.span, as: type, importance: importance)
      let file = try MappedFile(copying: bytes, name: "blocks")
      let found = try Dequantization.floats(of: file.bytes, type, name: "blocks")
      let error = zip(found, Self.values).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      let square = Self.values.reduce(0) { $0 + Double($1 * $1) }
      #expect(error / square < budget && found.count == Self.values.count, "\(error / square)")
    }
  }

  @Test("errors go where they count least", arguments: [ElementType.q4_0, .q5_1, .q4_k, .q5_k, .q6_k, .mxfp4])
  func importance(_ type: ElementType) throws {
    let importance = (0..<1024).map { $0 % 32 < 4 ? Float(100) : 1 }
    func errors(_ importance: [Float]?) throws -> Double {
      let bytes = Quantization.bytes(of: Self.values.span, as: type, importance: importance)
      let file = try MappedFile(copying: bytes, name: "blocks")
      let found = try Dequantization.floats(of: file.bytes, type, name: "blocks")
      return zip(found, Self.values).enumerated().filter { $0.offset % 32 < 4 }.reduce(0) {
        $0 + Double(($1.element.0 - $1.element.1) * ($1.element.0 - $1.element.1))
      }
    }
    #expect(try errors(importance) < 0.9 * errors(nil))
  }

  @Test("what is no number, or endless, still makes blocks", arguments: Quantization.types)
  func extremes(_ type: ElementType) throws {
    for value in [Float.nan, .infinity, -.infinity, 3e38, Float.leastNonzeroMagnitude, 0] {
      let values = [value] + [Float](repeating: value == 0 ? 0 : 1, count: 255)
      let bytes = Quantization.bytes(of: values.span, as: type)
      #expect(bytes.count == type.byteCount(of: 256))
    }
  }
}
