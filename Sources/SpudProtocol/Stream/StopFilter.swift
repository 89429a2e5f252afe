internal import SpudErrors

/// Ends a text before the first of some strings, though they may lie across several tokens.
package struct StopFilter: Sendable {
  package static let countLimit = 16
  package static let byteLimit = 256

  private var scanner: MarkerScanner
  /// Which string ended the text.
  package private(set) var stop: String?
  private let stops: [String]

  /// - Throws: `SpudError.badData` for an empty string, too many, or one that is too long.
  package init(_ stops: [String]) throws {
    guard stops.count <= Self.countLimit else {
      throw SpudError(.badData, "\(stops.count) stop strings, but the limit is \(Self.countLimit)")
    }
    for stop in stops {
      guard !stop.isEmpty, stop.utf8.count <= Self.byteLimit else {
        throw SpudError(.badData, "a stop string of \(stop.utf8.count) bytes, but it must have 1 to \(Self.byteLimit)")
      }
    }
    self.stops = stops
    scanner = MarkerScanner(stops)
  }

  /// The text that is certainly not the beginning of a stop; nothing more once one was found.
  package mutating func push(_ text: String) -> String {
    var output: [UInt8] = []
    for byte in text.utf8 where stop == nil {
      if let found = scanner.push(byte, into: &output) { stop = stops[found] }
    }
    return String(decoding: output, as: UTF8.self)
  }

  package mutating func finish() -> String {
    guard stop == nil else { return "" }
    var output: [UInt8] = []
    scanner.finish(into: &output)
    return String(decoding: output, as: UTF8.self)
  }
}
