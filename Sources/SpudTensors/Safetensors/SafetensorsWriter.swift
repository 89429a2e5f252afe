internal import SpudErrors
internal import SpudSupport

/// Collects tensors and writes them as one `.safetensors` file.
///
/// Tensors are laid out in falling order of element size, then by name, as the reference writer
/// does, so that each is aligned to its element.
package struct SafetensorsWriter {
  private struct Entry {
    let name: String
    let type: ElementType
    let shape: [Int]
    let bytes: [UInt8]
  }

  private var entries: [Entry] = []
  private var metadata: [(String, String)] = []

  package init() {}

  /// - Precondition: `bytes` is as long as `shape` of `type` takes, and the name is new.
  package mutating func add(_ name: String, _ type: ElementType, shape: [Int], bytes: [UInt8]) {
    precondition(!type.isQuantized, "safetensors has no type \(type)")
    let byteCount = TensorInfo.elementCount(of: shape).flatMap { type.byteCount(of: $0) }
    precondition(bytes.count == byteCount, "\(name): \(bytes.count) bytes for \(shape) of \(type)")
    precondition(!entries.contains { $0.name == name }, "two tensors are called \(name)")
    entries.append(Entry(name: name, type: type, shape: shape, bytes: bytes))
  }

  /// - Precondition: `values.count` is the product of `shape`.
  package mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
    add(name, .f32, shape: shape, bytes: values.littleEndianBytes)
  }

  package mutating func add(_ name: String, shape: [Int], _ values: [Int64]) {
    add(name, .i64, shape: shape, bytes: values.littleEndianBytes)
  }

  package mutating func add(_ name: String, shape: [Int], _ values: [Int32]) {
    add(name, .i32, shape: shape, bytes: values.littleEndianBytes)
  }

  package mutating func add(_ name: String, shape: [Int], _ values: [UInt16]) {
    add(name, .u16, shape: shape, bytes: values.littleEndianBytes)
  }

  package mutating func setMetadata(_ key: String, _ value: String) {
    metadata.removeAll { $0.0 == key }
    metadata.append((key, value))
  }

  /// Writes the file beside its place and renames it there: a reader sees the old file or all of the new one.
  ///
  /// - Throws: `SpudError.io`.
  package func write(to path: String) throws {
    try AtomicFile.write(to: path) { file in try emit { try file.write($0) } }
  }

  /// What `write` writes.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    emit { bytes += $0 }
    return bytes
  }

  /// Hands the file's parts to `take`, in order.
  private func emit(_ take: ([UInt8]) throws -> Void) rethrows {
    let order = entries.sorted {
      ($1.type.blockBitCount, $0.name) < ($0.type.blockBitCount, $1.name)
    }
    var header: [(String, JSONValue)] = []
    if !metadata.isEmpty {
      header.append(("__metadata__", .object(JSONObject(metadata.map { ($0.0, .string($0.1)) }))))
    }
    var offset = 0
    for entry in order {
      let end = offset + entry.bytes.count
      let fields: [(String, JSONValue)] = [
        ("dtype", .string(entry.type.rawValue)),
        ("shape", .array(entry.shape.map { .number($0) })),
        ("data_offsets", .array([.number(offset), .number(end)])),
      ]
      header.append((entry.name, .object(JSONObject(fields))))
      offset = end
    }
    var text = JSONValue.object(JSONObject(header)).serialized
    while text.count % 8 != 0 { text.append(0x20) }
    try take([UInt64(text.count)].littleEndianBytes)
    try take(text)
    for entry in order { try take(entry.bytes) }
  }
}
