extension RawSpan {
  /// The little-endian integer at a byte offset, aligned or not.
  ///
  /// - Precondition: The integer lies inside the span.
  package func loadLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(
    fromByteOffset offset: Int, as type: T.Type
  ) -> T {
    // SAFETY: the bounds are checked by the call; every bit pattern is an integer.
    T(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
  }
}
