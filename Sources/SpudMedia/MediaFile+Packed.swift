internal import SpudErrors
internal import SpudTensors

/// `media/see.zip` stands for the directory `media/see` where that is not there.
extension MediaFile {
  /// What `read` gives of a file that is in an archive; nil when it is in none.
  static func readPacked(_ path: String, limit: Int) throws -> [UInt8]? {
    guard let (archive, member) = archive(for: path) else { return nil }
    return try ZipArchive(path: archive).bytes(of: member, limit: limit)
  }

  /// The names of the files in a directory that is in an archive, sorted; nil when there is no such directory.
  static func packedNames(in path: String) throws -> [String]? {
    guard let (archive, member) = archive(for: path) else { return nil }
    let prefix = member.isEmpty ? "" : member + "/"
    let names = try ZipArchive(path: archive).names().compactMap { name -> String? in
      guard name.hasPrefix(prefix) else { return nil }
      let rest = name.dropFirst(prefix.count)
      return rest.contains("/") || rest.isEmpty ? nil : String(rest)
    }
    return names.isEmpty ? nil : names.sorted()
  }

  /// The archive that stands for `path` or the nearest of the directories above it, and what it calls `path`; "" is all
  /// of it.
  static func archive(for path: String) -> (archive: String, member: String)? {
    var directory = path[...]
    while directory.last == "/" { directory.removeLast() }
    let whole = directory
    while !directory.isEmpty, directory.last != "/" {
      let archive = String(directory) + ".zip"
      if MappedFile.exists(archive), !MappedFile.isDirectory(archive) {
        return (archive, String(whole.dropFirst(directory.count).drop { $0 == "/" }))
      }
      guard let slash = directory.lastIndex(of: "/") else { return nil }
      directory = directory[..<slash]
    }
    return nil
  }
}
