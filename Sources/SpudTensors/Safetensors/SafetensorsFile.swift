internal import SpudErrors

/// A `.safetensors` file: named tensors over a mapped file, all of it checked when it is opened.
///
/// The format, and every rule that is enforced here: https://github.com/huggingface/safetensors at
/// 24b0b285 (README.md, `safetensors/src/tensor.rs`): the header is a JSON object of at most
/// 100 MB; tensors cover the rest of the file exactly, without holes, overlaps or a remainder.
package final class SafetensorsFile: Sendable {
  package let file: MappedFile
  /// All tensors, in the order of their bytes.
  package let tensors: [TensorInfo]
  /// The strings under `__metadata__`, in the order of the file.
  package let metadata: [(key: String, value: String)]
  private let positions: [[UInt8]: Int]

  /// The largest header that the format allows.
  package static let headerLimit = 100_000_000

  /// - Throws: `SpudError.noInput` if there is no such file, `.badData` if it breaks a rule of the format.
  package convenience init(path: String) throws {
    try self.init(MappedFile(path: path))
  }

  package init(_ file: MappedFile) throws {
    self.file = file
    let header = try SafetensorsHeader(of: file)
    tensors = header.tensors
    metadata = header.metadata
    var positions: [[UInt8]: Int] = [:]
    for (position, tensor) in header.tensors.enumerated() { positions[Array(tensor.name.utf8)] = position }
    self.positions = positions
  }

  package var name: String { file.name }

  /// The tensor called `name`, or nil.
  package subscript(name: String) -> TensorInfo? {
    positions[Array(name.utf8)].map { tensors[$0] }
  }

  /// The tensor called `name`, or an error that says it is missing.
  package func tensor(_ name: String) throws -> TensorInfo {
    guard let tensor = self[name] else {
      throw SpudError(.badData, "\(file.name): there is no tensor '\(name)', but one is needed")
    }
    return tensor
  }

  /// The stored bytes of a tensor of this file.
  @_lifetime(borrow self)
  package func bytes(of tensor: TensorInfo) -> RawSpan {
    // SAFETY: the bytes belong to `file`, which `self` owns and never replaces.
    unsafe _overrideLifetime(file.unownedBytes(in: tensor.byteRange), borrowing: self)
  }
}

/// The checked content of a header.
private struct SafetensorsHeader {
  var tensors: [TensorInfo] = []
  var metadata: [(key: String, value: String)] = []
  private let name: String

  init(of file: MappedFile) throws {
    name = file.name
    let bytes = file.bytes
    guard file.byteCount >= 8 else {
      throw error("has \(file.byteCount) bytes, but a safetensors file begins with 8 bytes of header length")
    }
    let length = bytes.loadLittleEndian(fromByteOffset: 0, as: UInt64.self)
    guard length <= UInt64(SafetensorsFile.headerLimit) else {
      throw error("says its header has \(length) bytes, but the limit is \(SafetensorsFile.headerLimit)")
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= file.byteCount else {
      throw error("says its header has \(length) bytes, but only \(file.byteCount - 8) bytes follow")
    }
    guard length > 0, file.span[8] == UInt8(ascii: "{") else {
      throw error("has a header that does not begin with '{'")
    }
    let json = try JSONValue(parsing: file.span.extracting(8..<dataStart), name: "\(name): header")
    for member in json.object?.members ?? [] {
      if member.key == "__metadata__" {
        try readMetadata(member.value)
      } else {
        tensors.append(try tensor(member.key, member.value, dataStart: dataStart))
      }
    }
    try checkCoverage(dataStart: dataStart, byteCount: file.byteCount)
  }

  private mutating func readMetadata(_ value: JSONValue) throws {
    guard let object = value.object else { throw error("'__metadata__' is \(value.kind), but an object was expected") }
    for member in object.members {
      guard let text = member.value.string else {
        throw error("metadata '\(member.key)' is \(member.value.kind), but a string was expected")
      }
      metadata.append((member.key, text))
    }
  }

  private func tensor(_ tensor: String, _ value: JSONValue, dataStart: Int) throws -> TensorInfo {
    guard let typeName = value["dtype"]?.string, let shape = value["shape"]?.array,
      let offsets = value["data_offsets"]?.array, value.object?.count == 3
    else {
      throw error("tensor '\(tensor)' needs exactly 'dtype', 'shape' and 'data_offsets'")
    }
    guard let type = ElementType(rawValue: typeName), !type.isQuantized else {
      throw error("tensor '\(tensor)' has dtype '\(typeName)', which the format does not have")
    }
    let dimensions = shape.compactMap(\.int)
    guard dimensions.count == shape.count, let count = TensorInfo.elementCount(of: dimensions),
      let byteCount = type.byteCount(of: count)
    else {
      throw error("tensor '\(tensor)' has a shape that is negative, not integral or too large")
    }
    guard offsets.count == 2, let begin = offsets[0].int, let end = offsets[1].int, begin >= 0, end >= begin else {
      throw error("tensor '\(tensor)' has data_offsets that are not two integers in rising order")
    }
    guard end - begin == byteCount else {
      throw error(
        "tensor '\(tensor)' has \(end - begin) bytes, but \(dimensions) of \(type) takes \(byteCount)")
    }
    let (fileEnd, overflow) = end.addingReportingOverflow(dataStart)
    guard !overflow else { throw error("tensor '\(tensor)' ends at byte \(end) of the data, beyond any file") }
    return TensorInfo(
      name: tensor, elementType: type, shape: dimensions, byteRange: (begin + dataStart)..<fileEnd)
  }

  /// Sorts the tensors by place and checks that each begins where the last one ends.
  private mutating func checkCoverage(dataStart: Int, byteCount: Int) throws {
    tensors.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    var end = dataStart
    for tensor in tensors {
      guard tensor.byteRange.lowerBound == end else {
        throw error(
          "tensor '\(tensor.name)' begins at byte \(tensor.byteRange.lowerBound), but the one before ends at \(end)")
      }
      end = tensor.byteRange.upperBound
    }
    guard end == byteCount else {
      throw error("its tensors end at byte \(end), but the file has \(byteCount) bytes")
    }
  }

  private func error(_ what: String) -> SpudError { SpudError(.badData, "\(name): \(what)") }
}
