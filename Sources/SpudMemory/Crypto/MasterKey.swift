internal import SpudErrors

/// What unlocks a store.
package enum MasterKey: Sendable {
  /// At least 32 random bytes.
  case raw(Secret)
  /// Something that a person remembers.
  case passphrase(Secret)

  /// The fewest bytes of a raw key.
  package static let leastBytes = 32

  /// A new random key, which nobody else has.
  package static func random() throws -> MasterKey { .raw(try Cipher.randomKey()) }

  /// How a store's key is derived; recorded in its header.
  enum Kind: Sendable, Equatable {
    case raw
    /// scrypt with N = 2^`logCost`.
    case passphrase(logCost: Int, blockSize: Int, lanes: Int)

    /// What a new store costs whoever guesses, and its owner: about half a second and 128 MiB.
    static let standard = Kind.passphrase(logCost: 17, blockSize: 8, lanes: 1)

    var bytes: [UInt8] {
      switch self {
      case .raw: [1, 0, 0, 0]
      case .passphrase(let logCost, let blockSize, let lanes):
        [2, UInt8(logCost), UInt8(blockSize), UInt8(lanes)]
      }
    }

    /// - Throws: `SpudError` (`badData`) for a cost out of bounds, before anything is spent on it.
    init(_ bytes: [UInt8], path: String) throws {
      switch bytes {
      case [1, 0, 0, 0]: self = .raw
      case let bytes where bytes.first == 2:
        let (logCost, blockSize, lanes) = (Int(bytes[1]), Int(bytes[2]), Int(bytes[3]))
        guard (10...20).contains(logCost), (1...16).contains(blockSize), (1...4).contains(lanes) else {
          throw SpudError(
            .badData,
            "\(path): asks for scrypt with N = 2^\(logCost), r = \(blockSize), p = \(lanes), expected at most 2^20, "
              + "16 and 4")
        }
        self = .passphrase(logCost: logCost, blockSize: blockSize, lanes: lanes)
      default: throw SpudError(.badData, "\(path): names an unknown kind of key, \(bytes.first ?? 0)")
      }
    }
  }

  /// The kind of a new store that is locked with it.
  var kind: Kind {
    switch self {
    case .raw: .raw
    case .passphrase: .standard
    }
  }

  /// The key that the store's own is wrapped under.
  ///
  /// - Throws: `SpudError` (`usage`) when the store was locked with the other kind.
  func wrappingKey(_ header: StoreHeader, path: String) throws -> Secret {
    let info = Array("spud memory, wrapping key".utf8)
    switch (self, header.kind) {
    case (.raw(let secret), .raw): return try Cipher.derive(from: secret, salt: header.salt, info: info)
    case (.passphrase(let secret), .passphrase(let logCost, let blockSize, let lanes)):
      return try Cipher.stretch(
        secret, salt: info + header.salt, logCost: logCost, blockSize: blockSize, lanes: lanes)
    case (.raw, .passphrase):
      throw SpudError(.usage, "\(path): is locked with a passphrase, but a key was given")
    case (.passphrase, .raw):
      throw SpudError(.usage, "\(path): is locked with a key, but a passphrase was given")
    }
  }
}
