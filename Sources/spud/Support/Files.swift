internal import Foundation

/// Questions about files.
enum Files {
  /// Whether there is a directory at `path`, itself or behind links.
  static func isDirectory(_ path: String) -> Bool {
    let url = URL(filePath: path).resolvingSymlinksInPath()
    return (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
  }
}
