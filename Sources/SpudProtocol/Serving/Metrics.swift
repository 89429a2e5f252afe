internal import Synchronization

/// What a server counts, in Prometheus' text format (0.0.4).
package final class Metrics: Sendable {
  package enum Kind: String, Sendable { case counter, gauge, histogram }

  private struct Family {
    let kind: Kind
    let help: String
    let bounds: [Double]
    /// By labels, as they are written.
    var values: [String: Double] = [:]
    var histograms: [String: Histogram] = [:]
    /// Labels in the order in which they came.
    var order: [String] = []
  }

  private struct Histogram {
    var counts: [Int]
    var sum = 0.0
    var count = 0
  }

  private struct State {
    var families: [String: Family] = [:]
    var order: [String] = []
  }

  private let state = Mutex(State())

  package init() {}

  /// Declares a family; what is not declared is not counted.
  ///
  /// - Parameter bounds: The upper bounds of a histogram's buckets, ascending.
  package func declare(_ name: String, _ kind: Kind, _ help: String, bounds: [Double] = []) {
    state.withLock { state in
      guard state.families[name] == nil else { return }
      var family = Family(kind: kind, help: help, bounds: bounds)
      // A counter without labels is there from the beginning, so that a rate can be taken of it.
      if kind == .counter { family.values = [:] }
      state.families[name] = family
      state.order.append(name)
    }
  }

  /// Adds to a counter; a negative amount is none of it.
  package func add(_ name: String, _ amount: Double = 1, _ labels: KeyValuePairs<String, String> = [:]) {
    guard amount >= 0 else { return }
    change(name, labels) { $0 += amount }
  }

  /// Sets a gauge, or a counter that is counted elsewhere.
  package func set(_ name: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
    change(name, labels) { $0 = value }
  }

  /// Adds one observation to a histogram.
  package func observe(_ name: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
    let labels = Self.text(labels)
    state.withLock { state in
      guard var family = state.families[name], family.kind == .histogram, value.isFinite else { return }
      if family.histograms[labels] == nil { family.order.append(labels) }
      var histogram = family.histograms[labels] ?? Histogram(counts: Array(repeating: 0, count: family.bounds.count))
      for (index, bound) in family.bounds.enumerated() where value <= bound { histogram.counts[index] += 1 }
      histogram.sum += value
      histogram.count += 1
      family.histograms[labels] = histogram
      state.families[name] = family
    }
  }

  private func change(_ name: String, _ labels: KeyValuePairs<String, String>, _ body: (inout Double) -> Void) {
    let labels = Self.text(labels)
    state.withLock { state in
      guard state.families[name] != nil else { return }
      if state.families[name]?.values[labels] == nil { state.families[name]?.order.append(labels) }
      body(&state.families[name, default: Family(kind: .gauge, help: "", bounds: [])].values[labels, default: 0])
    }
  }

  /// All of it, as Prometheus reads it.
  package var text: String {
    state.withLock { state in
      state.order.compactMap { name in state.families[name].map { Self.text(of: $0, name: name) } }.joined()
    }
  }

  private static func text(of family: Family, name: String) -> String {
    var text = "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
    for labels in family.order {
      if family.kind != .histogram {
        text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(number(family.values[labels] ?? 0))\n"
        continue
      }
      guard let histogram = family.histograms[labels] else { continue }
      let rest = labels.isEmpty ? "" : labels + ","
      for (bound, count) in zip(family.bounds, histogram.counts) {
        text += "\(name)_bucket{\(rest)le=\"\(number(bound))\"} \(count)\n"
      }
      text += "\(name)_bucket{\(rest)le=\"+Inf\"} \(histogram.count)\n"
      let braces = labels.isEmpty ? "" : "{\(labels)}"
      text += "\(name)_sum\(braces) \(number(histogram.sum))\n\(name)_count\(braces) \(histogram.count)\n"
    }
    return text
  }

  private static func text(_ labels: KeyValuePairs<String, String>) -> String {
    labels.map { name, value in
      let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      return "\(name)=\"\(escaped)\""
    }.joined(separator: ",")
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }
}
