extension TemplateText {
  /// One scalar, with where it is.
  struct PlacedScalar {
    let scalar: Unicode.Scalar
    let range: Range<Int>
  }

  /// - Complexity: O(`utf8.count`).
  var scalarCount: Int {
    var count = 0
    for byte in utf8 where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }

  /// The byte offsets at which scalars start, and the end: `scalarCount` + 1 numbers.
  var scalarOffsets: [Int] {
    var offsets: [Int] = []
    offsets.reserveCapacity(utf8.count + 1)
    for (offset, byte) in utf8.enumerated() where byte & 0xC0 != 0x80 { offsets.append(offset) }
    offsets.append(utf8.count)
    return offsets
  }

  /// The bytes of the scalar that starts at `offset`.
  func scalar(at offset: Int) -> PlacedScalar {
    let lead = utf8[offset]
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    let end = min(offset + length, utf8.count)
    var value = length == 1 ? UInt32(lead) : UInt32(lead) & (0x7F >> UInt32(length))
    for byte in utf8[(offset + 1)..<max(end, offset + 1)] { value = value << 6 | UInt32(byte & 0x3F) }
    return PlacedScalar(scalar: Unicode.Scalar(value) ?? "\u{FFFD}", range: offset..<end)
  }

  var scalars: [PlacedScalar] {
    var result: [PlacedScalar] = []
    var offset = 0
    while offset < utf8.count {
      let next = scalar(at: offset)
      result.append(next)
      offset = next.range.upperBound
    }
    return result
  }

  /// The scalar at `index`, counted from the end if negative; nil out of range.
  ///
  /// - Complexity: O(`index`).
  func scalar(atIndex index: Int) -> TemplateText? {
    if index >= 0 {
      var left = index, offset = 0
      while offset < utf8.count {
        let next = scalar(at: offset)
        if left == 0 { return slice(next.range) }
        left -= 1
        offset = next.range.upperBound
      }
      return nil
    }
    var left = index, offset = utf8.count
    while offset > 0 {
      let end = offset
      repeat { offset -= 1 } while offset > 0 && utf8[offset] & 0xC0 == 0x80
      left += 1
      if left == 0 { return slice(offset..<end) }
    }
    return nil
  }

  /// Each scalar replaced by what `transform` makes of it, in the origin that it had.
  ///
  /// - Parameter transform: Gets a scalar and its index among the scalars.
  func mapScalars(_ transform: (PlacedScalar, Int) -> String) -> TemplateText {
    var result = TemplateText()
    for (index, placed) in scalars.enumerated() {
      result.append(transform(placed, index).utf8, origin: origin(at: placed.range.lowerBound))
    }
    return result
  }

  func all(_ predicate: (Unicode.Scalar) -> Bool) -> Bool { scalars.allSatisfy { predicate($0.scalar) } }
}

extension Unicode.Scalar {
  /// What Python's `str.isspace` and the regular expression `\s` call white space.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Where Python's `str.splitlines` ends a line.
  var endsPythonLine: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
