import Foundation
import SpudErrors
import SpudTensors
import Testing

/// Models in several files, as llama.cpp's `llama-gguf-split` names and marks them.
@Suite("Split GGUF")
struct SplitGGUFTests {
  /// A model of three parts; the first has the metadata and no tensors, as large ones are split.
  struct Parts {
    let directory: TemporaryDirectory
    var counts: [Int?] = [3, 3, 3]
    var numbers: [Int?] = [0, 1, 2]
    var totals = [3, 3, 3]
    var tensors = [[], ["a", "b"], ["c"]]
    var extra: [[(String, GGUFValue)]] = [[("general.architecture", .string("x"))], [], []]

    init() throws { directory = try TemporaryDirectory() }

    func path(_ number: Int, of count: Int = 3) -> String {
      directory.file(String(format: "model-%05d-of-%05d.gguf", number, count))
    }

    func write() throws {
      for part in 0..<3 {
        var writer = GGUFWriter()
        for (key, value) in extra[part] { writer.set(key, value) }
        if let number = numbers[part] { writer.set("split.no", .uint16(UInt16(number))) }
        if let count = counts[part] { writer.set("split.count", .uint16(UInt16(count))) }
        writer.set("split.tensors.count", .int32(Int32(totals[part])))
        for name in tensors[part] {
          writer.add(name, .f32, shape: [1]) { [Float(Array(name.utf8)[0])].littleEndianBytes }
        }
        try writer.write(to: path(part + 1))
      }
    }

    func message(opening number: Int = 1) throws -> String {
      do {
        _ = try TensorSource(GGUFFile(path: path(number)))
        return "accepted"
      } catch let error as SpudError { return error.message }
    }
  }

  @Test("any part opens the whole model", arguments: [1, 2, 3])
  func opens(_ number: Int) throws {
    let parts = try Parts()
    try parts.write()
    let file = try GGUFFile(path: parts.path(number))
    #expect(try file.string("general.architecture") == "x")
    #expect(file.name == parts.path(1))
    #expect(file.tensors.map(\.name) == ["a", "b", "c"])
    let source = try TensorSource(file)
    for name in ["a", "b", "c"] {
      let value = try source.withBytes(of: name) { tensor, bytes in
        try Dequantization.floats(of: bytes, tensor.elementType, name: name)
      }
      #expect(value == [Float(Array(name.utf8)[0])])
    }
    #expect(source.fileName(of: "c") == parts.path(3))
  }

  @Test("a missing part is named", arguments: [1, 2, 3])
  func missing(_ number: Int) throws {
    let parts = try Parts()
    try parts.write()
    try FileManager.default.removeItem(atPath: parts.path(number))
    let message = try parts.message(opening: number == 1 ? 2 : 1)
    #expect(message == "\(parts.path(number)): part \(number) of 3 of the model is not there")
  }

  @Test("parts that were swapped are named")
  func swapped() throws {
    var parts = try Parts()
    parts.numbers = [0, 2, 1]
    try parts.write()
    #expect(
      try parts.message().hasPrefix("\(parts.path(2)): says that it is part 3 of 3, but its name says part 2 of 3"))
    #expect(try parts.message(opening: 3).contains("its name does not end in -00002-of-00003.gguf"))
  }

  @Test("a part of another model is named, and so is a whole one")
  func foreign() throws {
    var parts = try Parts()
    parts.totals = [3, 4, 3]
    try parts.write()
    #expect(try parts.message().hasPrefix("\(parts.path(2)): is a part of a model of 4 tensors"))
    parts = try Parts()
    parts.extra[2] = [("general.architecture", .string("y"))]
    try parts.write()
    #expect(try parts.message().hasPrefix("\(parts.path(3)): is a part of another model: its 'general.architecture'"))
    parts = try Parts()
    parts.counts[1] = nil
    try parts.write()
    #expect(try parts.message().hasPrefix("\(parts.path(2)): is a whole model, but part 2 of 3"))
    parts = try Parts()
    parts.tensors[2] = ["a"]
    try parts.write()
    #expect(try parts.message().contains("\(parts.path(3)): tensor 'a' is in \(parts.path(2)) as well"))
    parts = try Parts()
    parts.tensors[2] = []
    try parts.write()
    #expect(try parts.message().contains("has 3 tensors, but its 3 parts hold 2"))
  }

  @Test("marks that cannot be are refused")
  func marks() throws {
    for (number, reason) in [(nil, "does not say which one"), (3, "does not say which one")] as [(Int?, String)] {
      var parts = try Parts()
      parts.numbers[0] = number
      try parts.write()
      #expect(try parts.message().contains(reason))
    }
    var parts = try Parts()
    parts.extra[0] = [("split.count", .string("many"))]
    parts.counts[0] = nil
    try parts.write()
    #expect(try parts.message().contains("'split.count' is no whole number"))
    parts = try Parts()
    try parts.write()
    let other = parts.directory.file("renamed.gguf")
    try FileManager.default.moveItem(atPath: parts.path(2), toPath: other)
    #expect(throws: SpudError.self) { try GGUFFile(path: other) }
  }
}
