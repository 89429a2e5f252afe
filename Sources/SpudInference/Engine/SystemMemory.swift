internal import Foundation

/// What the machine has left.
enum SystemMemory {
  /// Bytes that can be taken without pushing others out, by what the machine has left and what this process's control
  /// groups allow it; 4 GiB where the system does not say.
  static var available: Int { min(free, allowed ?? .max) }

  /// What the control groups of this process leave it; nil where they set no limit.
  private static var allowed: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8) else { return nil }
    // Version 2 has one line, `0::/a/b`.
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
    var path = String(line.dropFirst(3))
    var least: Int?
    while true {
      let directory = "/sys/fs/cgroup" + (path == "/" ? "" : path)
      if let limit = number(directory + "/memory.max"), let used = number(directory + "/memory.current") {
        // Pages of files count as used, though they can be had back.
        let cached = fields(directory + "/memory.stat")["file"] ?? 0
        least = min(least ?? .max, max(0, limit - used + cached))
      }
      guard path != "/", let slash = path.lastIndex(of: "/") else { return least }
      path = slash == path.startIndex ? "/" : String(path[..<slash])
    }
  }

  private static func number(_ path: String) -> Int? {
    (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
      Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  private static func fields(_ path: String) -> [String: Int] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return Dictionary(
      text.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: " ")
        return parts.count == 2 ? Int(parts[1]).map { (String(parts[0]), $0) } : nil
      }, uniquingKeysWith: { first, _ in first })
  }

  private static var free: Int {
    let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return kilobytes.map { $0 << 10 } ?? 4 << 30
  }
}
