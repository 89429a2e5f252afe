internal import SpudErrors
internal import SpudSupport

/// Collects metadata and tensors and writes them as one `.gguf` file of version 3.
///
/// A tensor's bytes are asked for when they are written, so that a model is never in memory twice.
package struct GGUFWriter {
  private struct Entry {
    let name: String
    let type: ElementType
    let id: UInt32
    let shape: [Int]
    let byteCount: Int
    let bytes: () throws -> [UInt8]
  }

  private var metadata: [(key: String, value: GGUFValue)] = []
  private var entries: [Entry] = []
  private static let alignment = 32

  package init() {}

  package mutating func set(_ key: String, _ value: GGUFValue) {
    metadata.removeAll { $0.key == key }
    metadata.append((key, value))
  }

  package mutating func set(_ key: String, strings: [String]) {
    set(key, .array(.string, strings.map(GGUFValue.string)))
  }

  /// Adds a tensor whose bytes `bytes` will make.
  ///
  /// - Parameter shape: `[outer, …, inner]`, of at most four dimensions.
  /// - Precondition: GGUF has the type, `shape` is whole blocks of it, and the name is new and at most 63 bytes long.
  package mutating func add(
    _ name: String, _ type: ElementType, shape: [Int], bytes: @escaping () throws -> [UInt8]
  ) {
    precondition(name.utf8.count <= GGUFFile.Limits.nameByteCount && shape.count <= GGUFFile.Limits.dimensionCount)
    precondition(!entries.contains { $0.name == name }, "two tensors are called \(name)")
    guard let id = type.ggufID, (shape.last ?? 1) % type.blockLength == 0,
      let byteCount = TensorInfo.elementCount(of: shape).flatMap({ type.byteCount(of: $0) })
    else { preconditionFailure("\(name): GGUF cannot hold \(shape) of \(type)") }
    entries.append(Entry(name: name, type: type, id: id, shape: shape, byteCount: byteCount, bytes: bytes))
  }

  /// Writes the file beside its place and renames it there: a reader sees the old file or all of the new one.
  ///
  /// - Returns: The file's size in bytes.
  /// - Throws: `SpudError.io`, or what making a tensor's bytes throws.
  @discardableResult
  package func write(to path: String) throws -> Int {
    var header: [UInt8] = Array("GGUF".utf8) + [UInt32(3)].littleEndianBytes
    header += [UInt64(entries.count), UInt64(metadata.count)].littleEndianBytes
    for entry in metadata {
      header += GGUFValue.string(entry.key).bytes + [entry.value.kind.rawValue].littleEndianBytes + entry.value.bytes
    }
    var offset = 0
    for entry in entries {
      header += GGUFValue.string(entry.name).bytes + [UInt32(entry.shape.count)].littleEndianBytes
      header += entry.shape.reversed().map(UInt64.init).littleEndianBytes
      header += [entry.id].littleEndianBytes + [UInt64(offset)].littleEndianBytes
      offset += Self.padded(entry.byteCount)
    }
    if !entries.isEmpty { header += Self.padding(after: header.count) }
    try AtomicFile.write(to: path) { file in
      try file.write(header)
      for entry in entries {
        let bytes = try entry.bytes()
        precondition(bytes.count == entry.byteCount, "\(entry.name): \(bytes.count) bytes, not \(entry.byteCount)")
        try file.write(bytes)
        try file.write(Self.padding(after: bytes.count))
      }
    }
    return header.count + offset
  }

  private static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

  private static func padding(after count: Int) -> [UInt8] { [UInt8](repeating: 0, count: padded(count) - count) }
}
