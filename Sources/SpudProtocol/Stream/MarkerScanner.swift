/// Finds markers in a text that comes in pieces.
///
/// Held back is only a suffix that is a proper prefix of some marker. The marker that is complete first counts; of
/// several that end together, the longest.
struct MarkerScanner: Sendable {
  let markers: [[UInt8]]
  private var pending: [UInt8] = []

  /// Whether nothing is held back.
  var isIdle: Bool { pending.isEmpty }

  /// - Precondition: No marker is empty.
  init(_ markers: [String]) {
    self.markers = markers.map { Array($0.utf8) }
    precondition(!self.markers.contains { $0.isEmpty }, "an empty marker stands everywhere")
  }

  /// Takes one byte.
  ///
  /// - Parameter text: Gets what can no longer belong to a marker.
  /// - Returns: The marker that ends with this byte, if one does; what was held back before it is text.
  mutating func push(_ byte: UInt8, into text: inout [UInt8]) -> Int? {
    pending.append(byte)
    var found: Int?
    for (index, marker) in markers.enumerated() where Self.ends(pending, with: marker) {
      if found.map({ markers[$0].count < marker.count }) ?? true { found = index }
    }
    if let found {
      text += pending.dropLast(markers[found].count)
      pending = []
    } else {
      release(into: &text)
    }
    return found
  }

  /// Gives back what was held.
  mutating func finish(into text: inout [UInt8]) {
    text += pending
    pending = []
  }

  /// Moves out what begins no marker.
  private mutating func release(into text: inout [UInt8]) {
    var start = 0
    while start < pending.count, !markers.contains(where: { Self.begins($0, with: pending[start...]) }) { start += 1 }
    text += pending[..<start]
    pending.removeSubrange(..<start)
  }

  private static func begins(_ marker: [UInt8], with part: ArraySlice<UInt8>) -> Bool {
    part.count < marker.count && marker.starts(with: part)
  }

  private static func ends(_ bytes: [UInt8], with marker: [UInt8]) -> Bool {
    guard bytes.last == marker.last, bytes.count >= marker.count else { return false }
    return bytes[(bytes.count - marker.count)...].elementsEqual(marker)
  }
}
