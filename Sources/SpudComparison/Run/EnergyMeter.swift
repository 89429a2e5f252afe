internal import Foundation

/// The energy that the processor package has used, where the system lets us read it (RAPL, in Linux's powercap).
package struct EnergyMeter: Sendable {
  /// Joules since some moment; nil where it cannot be read.
  package let joules: @Sendable () -> Double?

  package init(joules: @escaping @Sendable () -> Double?) {
    self.joules = joules
  }

  /// No meter.
  package static let none = EnergyMeter { nil }

  /// The meter of this machine: the sum of its packages.
  package static let machine: EnergyMeter = {
    let folder = "/sys/class/powercap"
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { name in
      // `intel-rapl:0` is a package, `intel-rapl:0:0` a part of it; AMD's are called the same.
      name.hasPrefix("intel-rapl:") && name.filter { $0 == ":" }.count == 1
    }
    let paths = names.sorted().map { "\(folder)/\($0)/energy_uj" }
    return EnergyMeter {
      let values = paths.compactMap { path -> Double? in
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return Double(text.filter(\.isNumber))
      }
      guard !values.isEmpty, values.count == paths.count else { return nil }
      return values.reduce(0, +) * 1e-6
    }
  }()

  /// One sentence for the report: joules per request by system, or that there are none to be had.
  package static func sentence(_ evidence: Evidence) -> String {
    let figures = evidence.systems.compactMap { system -> String? in
      // The counter wraps; a request that seems to give energy back is left out.
      let joules = evidence.answers(of: system, modes: [.timed]).compactMap(\.joules).filter { $0 >= 0 }
      return joules.isEmpty ? nil : "\(system.id) \(Format.figures(joules.mean)) J"
    }
    return figures.isEmpty
      ? "Energy is not readable on this machine (no RAPL counter)."
      : "Energy per request (RAPL, whole package): \(figures.joined(separator: ", "))."
  }
}
