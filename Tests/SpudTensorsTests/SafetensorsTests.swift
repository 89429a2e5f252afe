import Foundation
import SpudErrors
import SpudSupport
import SpudTensors
import Testing

/// A safetensors file made by hand, so that it can break any rule.
func safetensors(_ header: String, data: [UInt8], length: UInt64? = nil) -> [UInt8] {
  [length ?? UInt64(header.utf8.count)].littleEndianBytes + Array(header.utf8) + data
}

@Suite("safetensors")
struct SafetensorsTests {
  static let good =
    #"{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[3],"data_offsets":[8,14]}}"#

  func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try SafetensorsFile(MappedFile(copying: bytes, name: "test.safetensors"))
  }

  @Test("a file is read back as it was written, and leaves nothing beside it")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("x.safetensors")
    var writer = SafetensorsWriter()
    writer.add("bytes", .u8, shape: [3], bytes: [1, 2, 3])
    writer.add("weights", shape: [2, 2], [1, -2, 0.5, .pi] as [Float])
    writer.add("ids", shape: [2], [Int64.min, 7])
    writer.add("empty", shape: [0, 4], [] as [Float])
    writer.add("scalar", shape: [], [3] as [Float])
    writer.setMetadata("format", "pt")
    try writer.write(to: path)
    #expect(directory.contents == ["x.safetensors"])

    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.map(\.name) == ["ids", "empty", "scalar", "weights", "bytes"])
    #expect(file.metadata.map(\.value) == ["pt"])
    let weights = try file.tensor("weights")
    #expect(weights.shape == [2, 2])
    #expect(weights.elementType == .f32)
    let bits = file.bytes(of: weights).loadLittleEndian(fromByteOffset: 12, as: UInt32.self)
    #expect(Float(bitPattern: bits) == .pi)
    #expect(file["nothing"] == nil)
    #expect(throws: SpudError(.badData, "\(path): there is no tensor 'nothing', but one is needed")) {
      try file.tensor("nothing")
    }
  }

  @Test("a good file cut at any byte is refused")
  func truncated() throws {
    let bytes = safetensors(Self.good, data: [UInt8](repeating: 0, count: 14))
    #expect(try open(bytes).tensors.count == 2)
    for length in 0..<bytes.count {
      #expect(throws: SpudError.self, "cut to \(length) bytes") { try open(Array(bytes[..<length])) }
    }
    #expect(throws: SpudError.self) { try open(bytes + [0]) }
  }

  @Test(
    "a header length that cannot be is refused",
    arguments: [
      0, 1, 7, 0x7FFF_FFFF, 0x8000_0000, 0x7FFF_FFFF_FFFF_FFFF, UInt64.max, UInt64.max - 7, 100_000_001,
    ] as [UInt64])
  func headerLength(length: UInt64) {
    #expect(throws: SpudError.self) {
      try open(safetensors(Self.good, data: [UInt8](repeating: 0, count: 14), length: length))
    }
  }

  @Test("flipping any bit of the header crashes nothing")
  func bitFlips() {
    let bytes = safetensors(Self.good, data: [UInt8](repeating: 0, count: 14))
    for position in 0..<(bytes.count - 14) {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[position] ^= 1 << bit
        _ = try? open(flipped)
      }
    }
  }

  @Test(
    "a header that breaks a rule is refused",
    arguments: [
      // Not an object; no object begins at its first byte.
      "[]", " {}", "",
      // Holes, overlaps, residuals, reversed and negative offsets.
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":["0","16"]}}"#,
      // Offsets at the ends of what integers hold.
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[9223372036854775791,9223372036854775807]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615]}}"#,
      // Shapes that overflow, wrongly typed or of the wrong size.
      #"{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F32","shape":4,"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[15],"data_offsets":[1,16]}}"#,
      // Types that are not there.
      #"{"a":{"dtype":"F33","shape":[4],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"Q8_0","shape":[4],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":3,"shape":[4],"data_offsets":[0,16]}}"#,
      // Fields missing or too many; the same name twice; metadata that is no text.
      #"{"a":{"shape":[4],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"more":1}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"#
        + #""a":{"dtype":"F32","shape":[0],"data_offsets":[16,16]}}"#,
      #"{"a":4}"#,
      #"{"__metadata__":{"n":1},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
      #"{"__metadata__":[],"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}x"#,
    ])
  func refused(header: String) {
    let error = #expect(throws: SpudError.self) {
      try open(safetensors(header, data: [UInt8](repeating: 0, count: 16)))
    }
    #expect(error?.code == .badData)
    #expect(error?.message.hasPrefix("test.safetensors: ") == true)
  }

  @Test("a path that is no file is no input")
  func noFile() throws {
    let directory = try TemporaryDirectory()
    for path in [directory.path, directory.file("missing"), "/dev/null"] {
      let error = #expect(throws: SpudError.self) { try SafetensorsFile(path: path) }
      #expect(error?.code == .noInput)
    }
    let empty = try directory.write([], to: "empty")
    #expect(throws: SpudError.self) { try SafetensorsFile(path: empty) }
  }

  @Test("a file that cannot be written leaves nothing behind")
  func unwritable() throws {
    let directory = try TemporaryDirectory()
    let error = #expect(throws: SpudError.self) { try SafetensorsWriter().write(to: directory.file("no/such/x")) }
    #expect(error?.code == .io)
    struct Interrupted: Error {}
    #expect(throws: Interrupted.self) {
      try AtomicFile.write(to: directory.file("y")) { file in
        try file.write([1, 2, 3])
        throw Interrupted()
      }
    }
    #expect(directory.contents.isEmpty)
  }

  @Test("a pipe that nobody writes to is refused at once", .timeLimit(.minutes(1)))
  func pipe() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("pipe")
    // SAFETY: the path is a NUL-terminated copy that lives for the call.
    let failure = unsafe mkfifo(path, 0o600)
    #expect(failure == 0)
    let error = #expect(throws: SpudError.self) { try MappedFile(path: path) }
    #expect(error?.code == .noInput)
    #expect(error?.message.contains("not a regular file") == true)
  }

  @Test("pages that were dropped read the same again")
  func dropped() throws {
    let directory = try TemporaryDirectory()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try MappedFile(path: try directory.write(bytes, to: "x"))
    file.advise(.willNeed, 0..<bytes.count)
    let before = file.span[70_000]
    file.advise(.drop, 4096..<bytes.count)
    file.advise(.drop, 0..<Int.max)
    #expect(file.span[70_000] == before)
    #expect((0..<bytes.count).allSatisfy { file.span[$0] == bytes[$0] })
  }
}
