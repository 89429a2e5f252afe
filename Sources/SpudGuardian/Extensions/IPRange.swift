/// Cedar's `ipaddr`: an address of either family and the length of its network's prefix.
package struct IPRange: Hashable, Sendable {
  package enum Family: Hashable, Sendable {
    case v4, v6

    var width: Int { self == .v4 ? 32 : 128 }
  }

  package let family: Family
  /// The address as written; bits behind the prefix may be set.
  package let address: UInt128
  /// How many leading bits name the network: all of them for a single address.
  package let prefix: Int

  /// Reads `10.0.0.1`, `10.0.0.0/8`, `::1` or `fe80::/10`. Nil for anything else, such as numbers with leading zeros,
  /// and IPv4 inside of IPv6.
  package init?(parsing text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let written = parts.first, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    if let address = Self.v4(written) {
      (family, self.address) = (.v4, UInt128(address))
    } else if let address = Self.v6(written) {
      (family, self.address) = (.v6, address)
    } else {
      return nil
    }
    guard parts.count == 2 else {
      prefix = family.width
      return
    }
    guard parts[1].utf8.count <= 3, parts[1] == "0" || parts[1].utf8.first != UInt8(ascii: "0"),
      let length = Digits.value(of: parts[1]), length <= family.width
    else { return nil }
    prefix = Int(length)
  }

  package var isLoopback: Bool {
    family == .v4 ? address >> 24 == 127 && prefix >= 8 : address == 1 && prefix == 128
  }

  package var isMulticast: Bool {
    family == .v4 ? address >> 28 == 0xE && prefix >= 4 : address >> 120 == 0xFF && prefix >= 8
  }

  /// Whether each address of this range is in `other`.
  package func isWithin(_ other: IPRange) -> Bool {
    guard family == other.family else { return false }
    return first >= other.first && last <= other.last
  }

  private var hostMask: UInt128 {
    let bits = family.width - prefix
    return bits == 128 ? .max : (1 << UInt128(bits)) - 1
  }

  private var first: UInt128 { address & ~hostMask }
  private var last: UInt128 { address | hostMask }

  private static func v4(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard part.utf8.count <= 3, part == "0" || part.utf8.first != UInt8(ascii: "0"),
        let byte = Digits.value(of: part), byte < 256
      else { return nil }
      address = address << 8 | UInt32(byte)
    }
    return address
  }

  private static func v6(_ text: Substring) -> UInt128? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 9 else { return nil }
    // "a::b" splits into "a", "" and "b"; a gap at an end gives one empty part more.
    var head: [UInt16] = [], tail: [UInt16] = []
    var gap = false
    for (position, part) in parts.enumerated() {
      if part.isEmpty {
        let edge = position == 0 || position == parts.count - 1
        if edge {
          let neighbour = position == 0 ? 1 : position - 1
          guard parts.count >= 3, parts[neighbour].isEmpty else { return nil }
        } else {
          guard !gap else { return nil }
          gap = true
        }
        continue
      }
      guard part.utf8.count <= 4, part.utf8.first != UInt8(ascii: "+"), part.utf8.first != UInt8(ascii: "-"),
        let group = UInt16(part, radix: 16)
      else { return nil }
      if gap { tail.append(group) } else { head.append(group) }
    }
    guard gap ? head.count + tail.count <= 7 : head.count == 8 else { return nil }
    let groups = head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    return groups.reduce(0) { $0 << 16 | UInt128($1) }
  }
}
