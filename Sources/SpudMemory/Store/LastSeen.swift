internal import SpudErrors

/// The last generation of a store that this machine has seen, kept apart from it: so an old store that was put back
/// is noticed.
struct LastSeen: Sendable, Equatable {
  var generation: UInt64
  var chain: Digest

  /// The file that keeps it, in `directory`.
  static func path(of identity: [UInt8], in directory: String) -> String {
    directory + "/memory-" + hex(identity)
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// - Returns: Nil where nothing was seen yet.
  static func read(_ path: String, files: some StoreFiles) throws -> LastSeen? {
    guard try files.names(in: StoreLayout.parent(of: path))?.contains(StoreLayout.name(of: path)) ?? false else {
      return nil
    }
    let file = try files.open(path, .reading)
    let length = try files.length(of: file)
    guard length == 8 + Digest.byteCount else {
      throw SpudError(.badData, "\(path): has \(length) bytes, expected \(8 + Digest.byteCount)")
    }
    var reader = ByteReader(try files.bytes(of: file, at: 0, count: length), name: path)
    return LastSeen(generation: try reader.number(), chain: Digest(try reader.raw(Digest.byteCount)))
  }

  func write(_ path: String, files: some StoreFiles) throws {
    var writer = ByteWriter()
    writer.put(generation)
    writer.put(raw: chain.bytes)
    try files.replace(path, with: writer.bytes)
  }
}
