internal import ArgumentParser
internal import Foundation

/// A number of bytes as people write one: `512M`, `2G`, `1.5GiB`, `1000000`.
package struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
  package let count: Int

  package init(_ count: Int) { self.count = count }

  package init?(argument: String) {
    guard let match = argument.wholeMatch(of: /([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT]?)(?:i?[bB])?/),
      let number = Double(match.output.1)
    else { return nil }
    let shift = ["k": 10, "m": 20, "g": 30, "t": 40][match.output.2.lowercased()] ?? 0
    guard let count = Int(exactly: (number * Double(1 << shift)).rounded()), count > 0, count <= Int.max >> 1 else {
      return nil
    }
    self.count = count
  }

  /// In the largest unit of which it is a whole number.
  package var description: String {
    let unit = [("T", 40), ("G", 30), ("M", 20), ("K", 10)].first { count % (1 << $0.1) == 0 }
    return unit.map { "\(count >> $0.1)\($0.0)" } ?? String(count)
  }

  /// In the largest unit, with a decimal.
  package var rounded: String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where count >= 1 << shift {
      return String(format: "%.1f \(unit)", Double(count) / Double(1 << shift))
    }
    return "\(count) bytes"
  }
}
