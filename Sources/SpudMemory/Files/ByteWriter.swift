/// Writes numbers and texts as bytes, little-endian, lengths before what has one.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ number: some FixedWidthInteger & BitwiseCopyable) {
    unsafe withUnsafeBytes(of: number.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }
  mutating func put(raw other: some Sequence<UInt8>) { bytes += other }

  mutating func put(counted other: [UInt8]) {
    put(UInt32(other.count))
    bytes += other
  }

  mutating func put(_ text: String) { put(counted: Array(text.utf8)) }
}
