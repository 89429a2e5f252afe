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
}
