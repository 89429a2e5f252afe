import Foundation
import SpudErrors
import SpudTensors
import Testing

/// A GGUF file put together part by part, so that it can break any rule.
struct GGUFBytes {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var metadataCount: UInt64?
  var metadata: [[UInt8]] = []
  var tensors: [[UInt8]] = []
  var data: [UInt8] = []

  static func string(_ text: String, length: UInt64? = nil) -> [UInt8] {
    [length ?? UInt64(text.utf8.count)].littleEndianBytes + Array(text.utf8)
  }

  static func entry(_ key: String, kind: UInt32, _ value: [UInt8]) -> [UInt8] {
    string(key) + [kind].littleEndianBytes + value
  }

  static func tensor(
    _ name: String, dimensions: UInt32? = nil, _ shape: [UInt64], type: UInt32 = 0, offset: UInt64 = 0
  ) -> [UInt8] {
    string(name) + [dimensions ?? UInt32(shape.count)].littleEndianBytes + shape.littleEndianBytes
      + [type].littleEndianBytes + [offset].littleEndianBytes
  }

  var bytes: [UInt8] {
    var bytes = magic + [version].littleEndianBytes
    bytes += [tensorCount ?? UInt64(tensors.count), metadataCount ?? UInt64(metadata.count)].littleEndianBytes
    bytes += metadata.flatMap { $0 } + tensors.flatMap { $0 }
    if !tensors.isEmpty { bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32) }
    return bytes + data
  }

  /// One metadata entry of each length field, and two tensors.
  static let good = GGUFBytes(
    metadata: [
      entry("general.alignment", kind: 4, [UInt32(32)].littleEndianBytes),
      entry("name", kind: 8, string("spud")),
      entry(
        "tokens", kind: 9, [UInt32(8)].littleEndianBytes + [UInt64(2)].littleEndianBytes + string("a") + string("b")),
    ],
    tensors: [tensor("one", [4, 2]), tensor("two", [32], type: 8, offset: 32)],
    data: [UInt8](repeating: 0, count: 32 + 34))
}

@Suite("GGUF")
struct GGUFTests {
  func open(_ bytes: [UInt8]) throws -> GGUFFile { try GGUFFile(MappedFile(copying: bytes, name: "test.gguf")) }

  func message(_ bytes: [UInt8]) -> String {
    do {
      _ = try open(bytes)
      return "accepted"
    } catch {
      return String(describing: error)
    }
  }

  @Test("a good file is read: metadata, types, shapes with the fastest dimension last")
  func good() throws {
    let file = try open(GGUFBytes.good.bytes)
    #expect(try file.string("name") == "spud")
    #expect(try file.strings("tokens") == ["a", "b"])
    #expect(file.tensors.map(\.name) == ["one", "two"])
    #expect(file.tensors.map(\.shape) == [[2, 4], [32]])
    #expect(file.tensors.map(\.elementType) == [.f32, .q8_0])
    #expect(file.tensors.map(\.byteRange.count) == [32, 34])
  }

  @Test("a good file cut at any byte is refused")
  func truncated() {
    let bytes = GGUFBytes.good.bytes
    for length in 0..<bytes.count {
      #expect(message(Array(bytes[..<length])) != "accepted", "cut to \(length) bytes")
    }
  }

  @Test(
    "a length field that cannot be is refused, without allocating for it",
    arguments: [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0x7FFF_FFFF_FFFF_FFFF, UInt64.max] as [UInt64])
  func lengths(_ length: UInt64) {
    let good = GGUFBytes.good.bytes
    // The counts of tensors and metadata, the length of the first key, then those of the others. Fewer tensors than
    // there are leave bytes over, which is legal.
    for offset in (length < 2 ? [] : [8]) + [16, 24] + Self.lengthOffsets(in: good) {
      var bytes = good
      bytes.replaceSubrange(offset..<offset + 8, with: [length].littleEndianBytes)
      if bytes != good { #expect(message(bytes) != "accepted", "length at byte \(offset) set to \(length)") }
    }
  }

  /// Where the lengths of "name", its value, "tokens", its array, "a" and "one" stand.
  static func lengthOffsets(in bytes: [UInt8]) -> [Int] {
    ["name", "spud", "tokens", "one"].map { text in
      let pattern = Array(text.utf8)
      return (0..<bytes.count).first { Array(bytes[$0..<min($0 + pattern.count, bytes.count)]) == pattern }.map {
        $0 - 8
      } ?? 0
    }
  }

  /// One thing wrong with a good file, and what the error must say.
  struct Case: Sendable, CustomTestStringConvertible {
    let what: String
    let change: @Sendable (inout GGUFBytes) -> Void
    let reason: String

    init(_ what: String, _ change: @escaping @Sendable (inout GGUFBytes) -> Void, _ reason: String) {
      (self.what, self.change, self.reason) = (what, change, reason)
    }

    var testDescription: String { what }
  }

  /// The cases of llama.cpp's test-gguf.cpp, and some more.
  static let cases: [Case] = [
    Case("no 'GGUF'", { $0.magic = Array("FUGG".utf8) }, "does not begin with 'GGUF'"),
    Case("version 0", { $0.version = 0 }, "version 0"),
    Case("version 1", { $0.version = 1 }, "version 1"),
    Case("a future version", { $0.version = 4 }, "version 4"),
    Case("a big-endian version", { $0.version = 0x0300_0000 }, "big-endian"),
    Case("tensor count −1", { $0.tensorCount = .max }, "tensors"),
    Case("metadata count −1", { $0.metadataCount = .max }, "metadata entries"),
    Case("an empty key", { $0.metadata[1] = GGUFBytes.entry("", kind: 8, GGUFBytes.string("x")) }, "empty"),
    Case("an unknown type", { $0.metadata[1] = GGUFBytes.entry("k", kind: 13, []) }, "type number 13"),
    Case("a bool of 2", { $0.metadata[1] = GGUFBytes.entry("k", kind: 7, [2]) }, "bool of value 2"),
    Case("a key twice", { $0.metadata.append($0.metadata[1]) }, "'name' is there twice"),
    Case(
      "alignment 13", { $0.metadata[0] = GGUFBytes.entry("general.alignment", kind: 4, [13, 0, 0, 0]) },
      "power of two"),
    Case(
      "alignment 0", { $0.metadata[0] = GGUFBytes.entry("general.alignment", kind: 4, [0, 0, 0, 0]) }, "power of two"),
    Case(
      "alignment 2³¹", { $0.metadata[0] = GGUFBytes.entry("general.alignment", kind: 4, [0, 0, 0, 128]) },
      "power of two"),
    Case("alignment u8", { $0.metadata[0] = GGUFBytes.entry("general.alignment", kind: 0, [32]) }, "u32 was expected"),
    Case(
      "arrays in arrays",
      {
        $0.metadata[2] = GGUFBytes.entry("t", kind: 9, [UInt32(9)].littleEndianBytes + [UInt64(1)].littleEndianBytes)
      }, "array of arrays"),
    Case(
      "arrays too long together",
      {
        $0.metadata[2] = GGUFBytes.entry(
          "a", kind: 9, [UInt32(0)].littleEndianBytes + [UInt64(2)].littleEndianBytes + [1, 2])
        $0.metadata.append(
          GGUFBytes.entry("b", kind: 9, [UInt32(0)].littleEndianBytes + [UInt64(1 << 24 - 1)].littleEndianBytes))
      }, "limit is 16777214"),
    Case(
      "a name of 64 bytes", { $0.tensors[0] = GGUFBytes.tensor(String(repeating: "n", count: 64), [4, 2]) },
      "limit is 63"),
    Case("five dimensions", { $0.tensors[0] = GGUFBytes.tensor("one", [1, 1, 1, 1, 8]) }, "5 dimensions"),
    Case("a negative dimension", { $0.tensors[0] = GGUFBytes.tensor("one", [.max, 2]) }, "larger than any file"),
    Case("too many elements", { $0.tensors[0] = GGUFBytes.tensor("one", [1 << 32, 1 << 32]) }, "larger than any file"),
    Case("too many bytes", { $0.tensors[0] = GGUFBytes.tensor("one", [1 << 62]) }, "larger than any file"),
    Case("half a block", { $0.tensors[1] = GGUFBytes.tensor("two", [33], type: 8, offset: 32) }, "blocks of 32"),
    Case(
      "a type that was given up", { $0.tensors[1] = GGUFBytes.tensor("two", [32], type: 31, offset: 32) },
      "'two' is of type Q4_0_4_4"),
    Case("an unknown type", { $0.tensors[1] = GGUFBytes.tensor("two", [32], type: 99, offset: 32) }, "number 99"),
    Case("a hole", { $0.tensors[1] = GGUFBytes.tensor("two", [32], type: 8, offset: 64) }, "but 32 was expected"),
    Case("an overlap", { $0.tensors[1] = GGUFBytes.tensor("two", [32], type: 8, offset: 0) }, "but 32 was expected"),
    Case(
      "a name twice", { $0.tensors[1] = GGUFBytes.tensor("one", [32], type: 8, offset: 32) }, "'one' is there twice"),
    Case("too little data", { $0.data.removeLast() }, "only 33 follow"),
    Case(
      "sums that wrap",
      {
        let half: UInt64 = 0x7FFF_FFFF_FFFF_FFC0
        $0.tensors = [
          GGUFBytes.tensor("a", [half], type: 24), GGUFBytes.tensor("b", [half], type: 24, offset: half),
        ]
      }, "larger than any file"),
    Case("a split model", { $0.metadata.append(GGUFBytes.entry("split.count", kind: 2, [2, 0])) }, "one of 2 parts"),
  ]

  @Test("what llama.cpp refuses is refused, with the reason", arguments: cases)
  func refused(_ broken: Case) {
    var file = GGUFBytes.good
    broken.change(&file)
    let message = message(file.bytes)
    #expect(message.hasPrefix("test.gguf: ") && message.contains(broken.reason), "\(message)")
  }

  @Test("an empty dimension is legal")
  func zeroDimension() throws {
    var file = GGUFBytes.good
    file.tensors = [GGUFBytes.tensor("none", [0, 4])]
    file.data = []
    #expect(try open(file.bytes).tensors.first?.elementCount == 0)
  }

  @Test("bytes changed at random never crash the reader")
  func randomDamage() {
    var random = SystemRandomNumberGenerator()
    let good = GGUFBytes.good.bytes
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = message(bytes)
    }
  }

  @Test("what is written is read back, and leaves nothing beside it")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("x.gguf")
    var writer = GGUFWriter()
    writer.set("general.architecture", .string("qwen3moe"))
    writer.set("qwen3moe.block_count", .uint32(2))
    writer.set("tokenizer.ggml.tokens", strings: ["a", "ü"])
    writer.add("plain", .f32, shape: [3], bytes: { ([1, 2, 3] as [Float]).littleEndianBytes })
    writer.add("blocks", .q4_0, shape: [2, 32], bytes: { [UInt8](repeating: 5, count: 36) })
    let count = try writer.write(to: path)
    #expect(directory.contents == ["x.gguf"])
    let file = try GGUFFile(path: path)
    #expect(file.file.byteCount == count)
    #expect(try file.int("qwen3moe.block_count") == 2)
    #expect(try file.strings("tokenizer.ggml.tokens") == ["a", "ü"])
    #expect(file.tensors.map(\.shape) == [[3], [2, 32]])
    #expect(throws: SpudError.self) { try file.string("qwen3moe.block_count") }
  }
}

/// Fixtures by Scripts/goldens/gguf_file.py: the `gguf` package's own bytes and values.
@Suite("Quantized blocks")
struct QuantizationTests {
  let file: GGUFFile

  init() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    file = try GGUFFile(path: here.appendingPathComponent("Fixtures/quantized.gguf").path)
  }

  func bytes(_ name: String) throws -> [UInt8] {
    let span = file.bytes(of: try #require(file.tensor(name)))
    return (0..<span.byteCount).map { span.loadLittleEndian(fromByteOffset: $0, as: UInt8.self) }
  }

  func floats(_ name: String) throws -> [Float] {
    let tensor = try #require(file.tensor(name))
    return try Dequantization.floats(of: file.bytes(of: tensor), tensor.elementType, name: name)
  }

  @Test("metadata of every kind reads as the gguf package wrote it")
  func metadata() throws {
    #expect(try file.string("general.architecture") == "qwen3moe")
    #expect(try file.int("test.u32") == 7)
    #expect(try file.double("test.f32") == 0.25)
    #expect(try file.bool("test.bool") == true)
    #expect(try file.int("test.i64") == -5)
    #expect(try file.strings("test.strings") == ["a", "", "ü 猫"])
    #expect(try file.ints("test.ints") == [1, -2, 3])
    #expect(file.tensors.first { $0.name == "plain" }?.shape == [2, 3])
  }

  @Test("blocks have the values that the gguf package gives them", arguments: ["q8_0", "q4_0", "bf16", "q4_k", "q6_k"])
  func dequantize(_ type: String) throws {
    let expected = try floats("\(type).values")
    let found = try floats(type)
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
  }

  @Test(
    "values become the blocks that the gguf package makes of them",
    arguments: [
      ("q8_0", ElementType.q8_0), ("q4_0", .q4_0), ("bf16", .bf16),
    ])
  func quantize(_ name: String, _ type: ElementType) throws {
    let values = try floats("values")
    let found = Quantization.bytes(of: values.span, as: type)
    let expected = try bytes(name)
    #expect(found == expected)
  }

  @Test("halves round to nearest even, and come back")
  func halves() throws {
    #expect(try floats("half") == [1, -0.5, 65504, Float(Float16(6e-8))])
    for bits in 0...UInt16.max {
      let value = Float(halfBits: bits)
      if value.isNaN { #expect(Float(halfBits: value.halfBits).isNaN) } else { #expect(value.halfBits == bits) }
    }
    var random = SystemRandomNumberGenerator()
    for _ in 0..<100_000 {
      let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
      if !value.isNaN { #expect(value.halfBits == Float16(value).bitPattern) }
    }
  }

  @Test("what is no number, or endless, still makes a block", arguments: [Float.nan, .infinity, -.infinity, 3e38])
  func extremes(_ value: Float) {
    let values = [value] + [Float](repeating: 1, count: 31)
    #expect(Quantization.bytes(of: values.span, as: .q8_0).count == 34)
    #expect(Quantization.bytes(of: values.span, as: .q4_0).count == 18)
  }
}
