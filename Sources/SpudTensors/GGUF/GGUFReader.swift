internal import SpudErrors

/// Reads a GGUF file from its beginning, never beyond its end.
struct GGUFReader {
  private let file: MappedFile
  private var position = 0
  /// Elements that the arrays still to come may have.
  private var elementsLeft = GGUFFile.Limits.elementCount

  init(_ file: MappedFile) { self.file = file }

  private var remaining: Int { file.byteCount - position }

  private func error(_ what: String) -> SpudError { SpudError(.badData, "\(file.name): \(what)") }

  // MARK: Parts of the file

  /// Reads magic, version and the two counts.
  mutating func readHeader() throws -> (tensors: Int, metadata: Int) {
    guard remaining >= 4, file.bytes.loadLittleEndian(fromByteOffset: 0, as: UInt32.self) == 0x4655_4747 else {
      throw error("does not begin with 'GGUF', so it is no GGUF file")
    }
    position = 4
    let version = try read(UInt32.self, "the version")
    guard version == 2 || version == 3 else {
      // A small number with its bytes reversed has nothing in the low half.
      let reason = version != 0 && version & 0xFFFF == 0 ? ", which is how a big-endian machine would write it" : ""
      throw error("is of GGUF version \(version)\(reason), but versions 2 and 3 are supported")
    }
    let tensors = try read(UInt64.self, "the number of tensors")
    let metadata = try read(UInt64.self, "the number of metadata entries")
    // A tensor takes at least 24 bytes here (length of its name, dimensions, type, offset), an entry 13.
    return (
      try count(tensors, "tensors", limit: GGUFFile.Limits.tensorCount, each: 24),
      try count(metadata, "metadata entries", limit: GGUFFile.Limits.metadataCount, each: 13)
    )
  }

  mutating func readMetadata(count: Int) throws -> [(key: String, value: GGUFValue)] {
    var entries: [(key: String, value: GGUFValue)] = []
    var seen: Set<String> = []
    for _ in 0..<count {
      let key = try readName("a metadata key", limit: GGUFFile.Limits.keyByteCount)
      guard seen.insert(key).inserted else { throw error("metadata '\(key)' is there twice") }
      let kind = try readKind(of: key)
      entries.append((key, try readValue(kind, of: key)))
    }
    return entries
  }

  /// Checks `general.alignment`, which says at which multiples tensors begin.
  func alignment(from value: GGUFValue?) throws -> Int {
    guard let value else { return 32 }
    guard case .uint32(let alignment) = value else {
      throw error("general.alignment is of type \(value.kind), but u32 was expected")
    }
    guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= GGUFFile.Limits.alignment else {
      throw error(
        "general.alignment is \(alignment), but a power of two up to \(GGUFFile.Limits.alignment) was expected")
    }
    return Int(alignment)
  }

  mutating func readTensors(count: Int, alignment: Int) throws -> [TensorInfo] {
    var found: [(name: String, type: ElementType, shape: [Int], offset: UInt64, byteCount: Int)] = []
    var seen: Set<String> = []
    for _ in 0..<count {
      let name = try readName("a tensor's name", limit: GGUFFile.Limits.nameByteCount)
      guard seen.insert(name).inserted else { throw error("tensor '\(name)' is there twice") }
      let shape = try readShape(of: name)
      let id = try read(UInt32.self, "the type of tensor '\(name)'")
      guard let type = ElementType(ggufID: id) else {
        let choices = ElementType.readable.map(\.rawValue).joined(separator: ", ")
        throw error(
          "tensor '\(name)' is of type \(ElementType.nameOfUnsupported(ggufID: id)), but \(choices) are supported")
      }
      guard (shape.last ?? 1) % type.blockLength == 0 else {
        throw error(
          "tensor '\(name)' has rows of \(shape.last ?? 1), but \(type) comes in blocks of \(type.blockLength)")
      }
      guard let elements = TensorInfo.elementCount(of: shape), let bytes = type.byteCount(of: elements) else {
        throw error("tensor '\(name)' of shape \(shape) is larger than any file")
      }
      found.append((name, type, shape, try read(UInt64.self, "the offset of tensor '\(name)'"), bytes))
    }

    guard count > 0 else { return [] }
    let dataStart = try padded(position, to: alignment)
    var end = 0
    return try found.map { tensor in
      guard tensor.offset == UInt64(end) else {
        throw error("tensor '\(tensor.name)' begins at byte \(tensor.offset) of the data, but \(end) was expected")
      }
      let (start, startOverflow) = dataStart.addingReportingOverflow(end)
      let (stop, stopOverflow) = start.addingReportingOverflow(tensor.byteCount)
      guard !startOverflow, !stopOverflow, stop <= file.byteCount else {
        throw error(
          "tensor '\(tensor.name)' takes \(tensor.byteCount) bytes, but only \(max(0, file.byteCount - start)) follow")
      }
      end = try padded(stop - dataStart, to: alignment)
      return TensorInfo(name: tensor.name, elementType: tensor.type, shape: tensor.shape, byteRange: start..<stop)
    }
  }

  private mutating func readShape(of name: String) throws -> [Int] {
    let dimensions = try read(UInt32.self, "the number of dimensions of tensor '\(name)'")
    guard dimensions <= GGUFFile.Limits.dimensionCount else {
      throw error("tensor '\(name)' has \(dimensions) dimensions, but the limit is \(GGUFFile.Limits.dimensionCount)")
    }
    var shape: [Int] = []
    for _ in 0..<dimensions {
      let extent = try read(UInt64.self, "a dimension of tensor '\(name)'")
      guard let extent = Int(exactly: extent) else {
        throw error("tensor '\(name)' has a dimension of \(extent), which is larger than any file")
      }
      shape.append(extent)
    }
    // The file names the fastest dimension first.
    return shape.reversed()
  }

  // MARK: Values

  private mutating func readKind(of key: String) throws -> GGUFValue.Kind {
    let id = try read(UInt32.self, "the type of metadata '\(key)'")
    guard let kind = GGUFValue.Kind(rawValue: id) else {
      throw error("metadata '\(key)' is of type number \(id), but 0 to 12 are defined")
    }
    return kind
  }

  private mutating func readValue(_ kind: GGUFValue.Kind, of key: String) throws -> GGUFValue {
    let what = "metadata '\(key)'"
    switch kind {
    case .uint8: return .uint8(try read(UInt8.self, what))
    case .int8: return .int8(try read(Int8.self, what))
    case .uint16: return .uint16(try read(UInt16.self, what))
    case .int16: return .int16(try read(Int16.self, what))
    case .uint32: return .uint32(try read(UInt32.self, what))
    case .int32: return .int32(try read(Int32.self, what))
    case .float32: return .float32(Float(bitPattern: try read(UInt32.self, what)))
    case .uint64: return .uint64(try read(UInt64.self, what))
    case .int64: return .int64(try read(Int64.self, what))
    case .float64: return .float64(Double(bitPattern: try read(UInt64.self, what)))
    case .bool:
      let byte = try read(UInt8.self, what)
      guard byte < 2 else { throw error("\(what) is a bool of value \(byte), but 0 or 1 was expected") }
      return .bool(byte == 1)
    case .string:
      return .string(String(decoding: try readBytes(what, limit: GGUFFile.Limits.stringByteCount), as: UTF8.self))
    case .array:
      let element = try readKind(of: key)
      guard element != .array else { throw error("\(what) is an array of arrays, which no model uses") }
      let declared = try read(UInt64.self, "the length of \(what)")
      let elements = try count(declared, "elements in \(what)", limit: elementsLeft, each: element.minimumByteCount)
      elementsLeft -= elements
      var values: [GGUFValue] = []
      values.reserveCapacity(elements)
      for _ in 0..<elements { values.append(try readValue(element, of: key)) }
      return .array(element, values)
    }
  }

  /// Reads a string that must be UTF-8 and not empty: names are looked up, so they may not be repaired.
  private mutating func readName(_ what: String, limit: Int) throws -> String {
    let bytes = try readBytes(what, limit: limit)
    guard !bytes.isEmpty, let name = String(validating: bytes, as: UTF8.self) else {
      throw error("\(what) is empty or no UTF-8")
    }
    return name
  }

  private mutating func readBytes(_ what: String, limit: Int) throws -> [UInt8] {
    let declared = try read(UInt64.self, "the length of \(what)")
    let length = try count(declared, "bytes in \(what)", limit: limit, each: 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(length)
    let start = position
    position += length
    let span = file.span.extracting(start..<start + length)
    for index in span.indices { bytes.append(span[index]) }
    return bytes
  }

  private mutating func read<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ what: String) throws -> T {
    let size = T.bitWidth / 8
    guard remaining >= size else { throw error("ends at byte \(file.byteCount), inside \(what)") }
    let start = position
    position += size
    return file.bytes.loadLittleEndian(fromByteOffset: start, as: type)
  }

  /// Checks a count that a file declares against a limit, and against the bytes that are left.
  private func count(_ declared: UInt64, _ what: String, limit: Int, each: Int) throws -> Int {
    guard declared <= UInt64(limit) else { throw error("declares \(declared) \(what), but the limit is \(limit)") }
    guard Int(declared) <= remaining / each else {
      throw error("declares \(declared) \(what), but only \(remaining) bytes follow")
    }
    return Int(declared)
  }

  private func padded(_ value: Int, to alignment: Int) throws -> Int {
    let (sum, overflow) = value.addingReportingOverflow(alignment - 1)
    guard !overflow else { throw error("its tensors are larger than any file") }
    return sum / alignment * alignment
  }
}
