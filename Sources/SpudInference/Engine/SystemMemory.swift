internal import Foundation

/// What the machine has left.
enum SystemMemory {
  /// Bytes that can be taken without pushing others out; 4 GiB where the system does not say.
  static var available: Int {
    let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return kilobytes.map { $0 << 10 } ?? 4 << 30
  }
}
