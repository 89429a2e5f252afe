/// A tensor that no file holds as such: quantizers split a matrix into integers, scales and more.
package struct DerivedTensor: Sendable {
  package let info: TensorInfo
  /// The stored tensors that it is made of.
  let parts: [String]
  /// Makes the elements, as `info` describes them.
  let bytes: @Sendable (TensorSource) throws -> [UInt8]

  /// - Parameter parts: Not empty.
  init(
    _ name: String, _ type: ElementType, shape: [Int], origin: String, precision: ElementType? = nil,
    parts: [TensorInfo], bytes: @escaping @Sendable (TensorSource) throws -> [UInt8]
  ) {
    let byteCount = parts.reduce(0) { $0 + $1.byteRange.count }
    info = TensorInfo(
      name: name, elementType: type, shape: shape, byteRange: 0..<byteCount, origin: origin, precision: precision)
    self.parts = parts.map(\.name)
    self.bytes = bytes
  }
}

extension TensorSource {
  /// A stored tensor's elements as floats.
  func floats(_ tensor: TensorInfo) throws -> [Float] {
    try withStoredBytes(of: tensor.name) { tensor, bytes in
      if let table = FloatTable(tensor.elementType) {
        return (0..<bytes.byteCount).map {
          table.values[Int(bytes.loadLittleEndian(fromByteOffset: $0, as: UInt8.self))]
        }
      }
      return try Dequantization.floats(of: bytes, tensor.elementType, name: tensor.name)
    }
  }

  /// A stored tensor's elements of 32 bits.
  func words(_ tensor: TensorInfo) throws -> [UInt32] {
    try withStoredBytes(of: tensor.name) { _, bytes in
      (0..<bytes.byteCount / 4).map { bytes.loadLittleEndian(fromByteOffset: 4 * $0, as: UInt32.self) }
    }
  }

  /// A stored tensor's bytes.
  func bytes(_ tensor: TensorInfo) throws -> [UInt8] {
    try withStoredBytes(of: tensor.name) { _, bytes in
      (0..<bytes.byteCount).map { bytes.loadLittleEndian(fromByteOffset: $0, as: UInt8.self) }
    }
  }
}
