extension PackedIntegers {
  /// The codes that lie along lines of words, from the lowest bits up. `[lines, count]`
  ///
  /// - Parameters:
  ///   - words: `[lines, ⌈count · bits / 32⌉]`
  ///   - lines: How many lines there are.
  ///   - count: Codes of a line; those that are left over in its last word are none.
  ///   - bits: Of a code, 4 or 8.
  ///   - order: Which of a word's codes, from the lowest, is the n-th of its line; nil where they follow each other.
  static func codes(along words: [UInt32], lines: Int, count: Int, bits: Int, order: [Int]? = nil) -> [UInt8] {
    let perWord = 32 / bits
    let width = (count + perWord - 1) / perWord
    let mask = UInt32(1 << bits - 1)
    let shifts = (order ?? Array(0..<perWord)).map { UInt32(bits * $0) }
    var codes = [UInt8](repeating: 0, count: lines * count)
    for line in 0..<lines {
      for index in 0..<width {
        let word = words[line * width + index]
        let place = index * perWord
        for offset in 0..<min(perWord, count - place) {
          codes[line * count + place + offset] = UInt8(truncatingIfNeeded: word >> shifts[offset] & mask)
        }
      }
    }
    return codes
  }

  /// The codes that lie across lines of words: each word holds neighbours of one column.
  /// `[width, lines · codes of a word]`
  ///
  /// - Parameter words: `[lines, width]`
  static func codes(across words: [UInt32], lines: Int, width: Int, bits: Int) -> [UInt8] {
    let perWord = 32 / bits
    let mask = UInt32(1 << bits - 1)
    let count = lines * perWord
    var codes = [UInt8](repeating: 0, count: width * count)
    // Tiles, so that the lines of memory that are written stay in the cache.
    for tile in stride(from: 0, to: width, by: 64) {
      for line in 0..<lines {
        for column in tile..<min(tile + 64, width) {
          var word = words[line * width + column]
          for offset in 0..<perWord {
            codes[column * count + line * perWord + offset] = UInt8(truncatingIfNeeded: word & mask)
            word >>= UInt32(bits)
          }
        }
      }
    }
    return codes
  }

  /// `[lines, width]` as `[width, lines]`.
  static func transposed<T>(_ values: [T], lines: Int, width: Int) -> [T] {
    guard var output = values.first.map({ [T](repeating: $0, count: values.count) }) else { return [] }
    for tile in stride(from: 0, to: width, by: 64) {
      for line in 0..<lines {
        for column in tile..<min(tile + 64, width) { output[column * lines + line] = values[line * width + column] }
      }
    }
    return output
  }
}
