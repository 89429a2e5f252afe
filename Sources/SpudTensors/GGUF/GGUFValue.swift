/// One value of a GGUF file's metadata, with the type that the file gives it.
package enum GGUFValue: Sendable, Equatable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  /// Bytes that are no UTF-8 are replaced by U+FFFD.
  case string(String)
  /// Values of one kind, which is not `array`.
  case array(Kind, [GGUFValue])
  case uint64(UInt64)
  case int64(Int64)
  case float64(Double)

  /// The number by which a file names a value's type.
  package enum Kind: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case uint8 = 0
    case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// The fewest bytes that one such value takes in a file.
    var minimumByteCount: Int {
      switch self {
      case .uint8, .int8, .bool: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .string, .uint64, .int64, .float64: 8
      case .array: 12
      }
    }

    package var description: String {
      switch self {
      case .uint8: "u8"
      case .int8: "i8"
      case .uint16: "u16"
      case .int16: "i16"
      case .uint32: "u32"
      case .int32: "i32"
      case .float32: "f32"
      case .bool: "bool"
      case .string: "string"
      case .array: "array"
      case .uint64: "u64"
      case .int64: "i64"
      case .float64: "f64"
      }
    }
  }

  package var kind: Kind {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string: .string
    case .array: .array
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }

  /// The value as an `Int`; nil if it is no integer or does not fit.
  package var int: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    default: nil
    }
  }

  /// The value as a floating-point number; integers are converted.
  package var double: Double? {
    switch self {
    case .float32(let value): Double(value)
    case .float64(let value): value
    default: int.map(Double.init)
    }
  }

  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The elements of an array; nil for anything else.
  package var array: [GGUFValue]? { if case .array(_, let values) = self { values } else { nil } }

  /// The value's bytes as they are in a file, without its type.
  var bytes: [UInt8] {
    switch self {
    case .uint8(let value): [value]
    case .int8(let value): [UInt8(bitPattern: value)]
    case .uint16(let value): [value].littleEndianBytes
    case .int16(let value): [value].littleEndianBytes
    case .uint32(let value): [value].littleEndianBytes
    case .int32(let value): [value].littleEndianBytes
    case .float32(let value): [value].littleEndianBytes
    case .bool(let value): [value ? 1 : 0]
    case .string(let value): [UInt64(value.utf8.count)].littleEndianBytes + Array(value.utf8)
    case .array(let kind, let values):
      [kind.rawValue].littleEndianBytes + [UInt64(values.count)].littleEndianBytes + values.flatMap(\.bytes)
    case .uint64(let value): [value].littleEndianBytes
    case .int64(let value): [value].littleEndianBytes
    case .float64(let value): [value.bitPattern].littleEndianBytes
    }
  }
}
