internal import Foundation

/// The machine that the measurements were made on.
package enum Machine {
  /// The processor's name.
  package static var name: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":").dropFirst().joined(separator: ":") ?? ""
    return name.trimmingCharacters(in: .whitespaces).isEmpty
      ? "an unnamed processor" : name.trimmingCharacters(in: .whitespaces)
  }

  package static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }
  package static var memoryBytes: Int { Int(clamping: ProcessInfo.processInfo.physicalMemory) }

  /// Today, as year, month and day in universal time.
  package static var date: String {
    String(Date().formatted(.iso8601).prefix(10))
  }
}
