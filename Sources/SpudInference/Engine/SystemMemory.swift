internal import Foundation

/// What the machine has left.
enum SystemMemory {
  /// Bytes that can be taken without pushing others out, by what the machine has left and what this process's control
  /// groups allow it; 4 GiB where the system does not say.
  static var available: Int { min(free, allowed ?? .max) }

  /// What the control groups of this process leave it; nil where they set no limit.
  private static var allowed: Int? {
    let text = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    var least: Int?
    for line in text.split(separator: "\n") {
      // Version 2 has one line, `0::/a/b`; of version 1, `4:memory:/a/b` counts.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("memory") else { continue }
      let version = parts[1].isEmpty ? ControlGroup.second : .first
      var path = parts[2][...]
      while true {
        least = [least, version.left(in: String(path))].compactMap(\.self).min()
        guard let slash = path.lastIndex(of: "/"), path != "/" else { break }
        path = slash == path.startIndex ? "/" : path[..<slash]
      }
    }
    return least
  }

  private static var free: Int {
    let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return kilobytes.map { $0 << 10 } ?? 4 << 30
  }
}

/// Where a version of control groups says what a group may take.
struct ControlGroup {
  let root: String
  let limit: String
  let usage: String
  /// What `memory.stat` calls pages of files, which count as used though they can be had back.
  let files: String

  static let first = ControlGroup(
    root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", files: "total_cache")
  static let second = ControlGroup(
    root: "/sys/fs/cgroup", limit: "memory.max", usage: "memory.current", files: "file")

  /// What the group at `path` has left; nil where it has no limit.
  func left(in path: String) -> Int? {
    let directory = root + (path == "/" ? "" : path) + "/"
    guard let limit = text(directory + limit).flatMap({ Int($0) }),
      let used = text(directory + usage).flatMap({ Int($0) })
    else { return nil }
    let lines = text(directory + "memory.stat")?.split(separator: "\n") ?? []
    let pages = lines.first { $0.hasPrefix(files + " ") }?.split(separator: " ").last.flatMap { Int($0) }
    // Both are read while they change, so that there may be more pages than is used; and no limit is a very high one.
    return max(0, limit - max(0, used - max(0, pages ?? 0)))
  }

  private func text(_ path: String) -> String? {
    (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
