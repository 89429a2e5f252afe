internal import SpudErrors
internal import SpudTensors

/// Says of many paths whether there is something, on the disk or in an archive; each archive is listed once.
package struct MediaCatalog {
  /// Of each archive its files and directories.
  private var archives: [String: Set<String>] = [:]

  package init() {}

  /// The file on the disk that holds what is at `path`: itself, or an archive; nil when there is nothing at `path`.
  ///
  /// - Throws: `badData` when an archive is damaged.
  package mutating func file(holding path: String) throws -> String? {
    if MappedFile.exists(path) { return path }
    guard let (archive, member) = MediaFile.archive(for: path) else { return nil }
    let members = try archives[archive] ?? Self.members(of: archive)
    archives[archive] = members
    return members.contains(member) ? archive : nil
  }

  private static func members(of path: String) throws -> Set<String> {
    // The archive itself is one of the directories.
    var members: Set<String> = [""]
    for name in try ZipArchive(path: path).names() {
      members.insert(name)
      var directory = name[...]
      while let slash = directory.lastIndex(of: "/") {
        directory = directory[..<slash]
        guard members.insert(String(directory)).inserted else { break }
      }
    }
    return members
  }
}
