/// Where a store's files are in its directory.
///
///     lock                  held by the one process that writes
///     manifest              keys, wrapped; what is where: sealed
///     segments/00000001     sealed extents, one behind the other
struct StoreLayout: Sendable {
  /// What the name of a file ends with until it is whole.
  static let partial = ".partial"
  /// A segment ends before it would be longer than this, in bytes.
  static let segmentLength = 256 << 20
  /// Extents take whole blocks of this many bytes, so that all of their room can be given back.
  static let blockLength = 4096

  let directory: String

  var lock: String { directory + "/lock" }
  var manifest: String { directory + "/manifest" }
  var segments: String { directory + "/segments" }

  func segment(_ number: UInt32) -> String { segments + "/" + Self.name(ofSegment: number) }

  static func name(ofSegment number: UInt32) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func name(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }
}
