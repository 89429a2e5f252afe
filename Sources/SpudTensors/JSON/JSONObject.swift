/// The members of a JSON object, in the order of the file, found by key in constant time.
///
/// Keys are compared byte by byte. Swift's `String` would call "é" and "e\u{301}" equal, but two
/// entries of a tokenizer's vocabulary may differ in just that.
package struct JSONObject: Sendable {
  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: JSONValue
  }

  /// The members, in the order of the file.
  package private(set) var members: [Member] = []

  /// An open-addressed table of positions in `members`, −1 where empty. It has a power of two
  /// of slots, at most half of them taken; small objects have none and are searched in order.
  private var slots: [Int32] = []

  private static let linearLimit = 8

  package init() {}

  /// Builds an object of our own to be written; the last of several equal keys wins.
  package init(_ members: [(String, JSONValue)]) {
    for (key, value) in members where !append(key, value) {
      if let position = position(of: key) { self.members[position] = Member(key: key, value: value) }
    }
  }

  package var count: Int { members.count }
  package var isEmpty: Bool { members.isEmpty }
  package var keys: [String] { members.map(\.key) }

  package subscript(key: String) -> JSONValue? {
    position(of: key).map { members[$0].value }
  }

  /// Adds a member and returns true, or returns false if the key is taken.
  package mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    if members.count < Self.linearLimit {
      guard position(of: key) == nil else { return false }
      members.append(Member(key: key, value: value))
      return true
    }
    if (members.count + 1) * 2 > slots.count { rebuild() }
    guard let slot = freeSlot(for: key) else { return false }
    slots[slot] = Int32(truncatingIfNeeded: members.count)
    members.append(Member(key: key, value: value))
    return true
  }

  private func position(of key: String) -> Int? {
    if slots.isEmpty { return members.firstIndex { Self.same($0.key, key) } }
    var slot = Self.hash(key) & (slots.count - 1)
    while slots[slot] >= 0 {
      if Self.same(members[Int(slots[slot])].key, key) { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The slot where `key` belongs, or nil if the key is there already.
  private func freeSlot(for key: String) -> Int? {
    var slot = Self.hash(key) & (slots.count - 1)
    while slots[slot] >= 0 {
      if Self.same(members[Int(slots[slot])].key, key) { return nil }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func rebuild() {
    slots = [Int32](repeating: -1, count: max(32, slots.count * 4))
    for position in members.indices {
      if let slot = freeSlot(for: members[position].key) { slots[slot] = Int32(truncatingIfNeeded: position) }
    }
  }

  private static func same(_ a: String, _ b: String) -> Bool {
    guard a.utf8.count == b.utf8.count else { return false }
    let a = a.utf8.span, b = b.utf8.span
    return a.indices.allSatisfy { a[$0] == b[$0] }
  }

  /// Seeded per process, so that nobody can prepare a file whose keys all collide.
  private static func hash(_ key: String) -> Int {
    var key = key
    return key.withUTF8 { bytes in
      var hasher = Hasher()
      // SAFETY: the buffer is valid for the duration of this call, which only reads it.
      unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
      return hasher.finalize()
    }
  }
}

extension JSONObject: Equatable {
  package static func == (a: Self, b: Self) -> Bool { a.members == b.members }
}
