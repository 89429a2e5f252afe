internal import SpudErrors

/// One change of what a store holds. A record of the manifest has one or more, which happen together.
enum ManifestEntry: Sendable, Equatable {
  /// What chain hashes begin with: random, as old as the store.
  case chainSecret([UInt8])
  case add(StoredExtent)
  case drop([UInt64])
  /// They were of use.
  case use([UInt64], time: UInt64)
  case setSession(SessionRecord)
  case dropSession(tenant: String, name: String)

  private var code: UInt8 {
    switch self {
    case .chainSecret: 0
    case .add: 1
    case .drop: 2
    case .use: 3
    case .setSession: 4
    case .dropSession: 5
    }
  }

  static func bytes(of entries: [ManifestEntry]) -> [UInt8] {
    var writer = ByteWriter()
    for entry in entries { entry.put(to: &writer) }
    return writer.bytes
  }

  static func read(_ bytes: [UInt8], path: String) throws -> [ManifestEntry] {
    var reader = ByteReader(bytes, name: path)
    var entries: [ManifestEntry] = []
    while !reader.isAtEnd { entries.append(try ManifestEntry(&reader, path: path)) }
    return entries
  }

  private func put(to writer: inout ByteWriter) {
    writer.put(code)
    switch self {
    case .chainSecret(let secret): writer.put(counted: secret)
    case .add(let extent): extent.put(to: &writer)
    case .drop(let identities): Self.put(identities, to: &writer)
    case .use(let identities, let time):
      Self.put(identities, to: &writer)
      writer.put(time)
    case .setSession(let session): session.put(to: &writer)
    case .dropSession(let tenant, let name):
      writer.put(tenant)
      writer.put(name)
    }
  }

  private init(_ reader: inout ByteReader, path: String) throws {
    let code = try reader.number(UInt8.self)
    switch code {
    case 0: self = .chainSecret(Array(try reader.counted()))
    case 1: self = .add(try StoredExtent(&reader))
    case 2: self = .drop(try Self.identities(&reader))
    case 3: self = .use(try Self.identities(&reader), time: try reader.number())
    case 4: self = .setSession(try SessionRecord(&reader))
    case 5: self = .dropSession(tenant: try reader.text(), name: try reader.text())
    default: throw SpudError(.badData, "\(path): holds an entry of kind \(code), expected 0 to 5")
    }
  }

  private static func put(_ identities: [UInt64], to writer: inout ByteWriter) {
    writer.put(UInt32(identities.count))
    for identity in identities { writer.put(identity) }
  }

  private static func identities(_ reader: inout ByteReader) throws -> [UInt64] {
    let count = Int(try reader.number(UInt32.self))
    var identities: [UInt64] = []
    for _ in 0..<count { identities.append(try reader.number()) }
    return identities
  }
}
