package import SpudBrowser
internal import SpudErrors
internal import SpudGuardian
package import SpudPortal
internal import SpudSupport
internal import SpudTensors

/// A log, played again on the same task.
package struct Replay {
  package struct Result: Sendable {
    package var actions = 0
    /// In words, where a screen was another than in the log.
    package var differences: [String] = []
    package var writes: [PortalWrite] = []
  }

  private let task: PortalTask
  package let isDouble: Bool
  /// Whether the log goes on to the end of its run.
  package let isWhole: Bool
  private let lines: [JSONValue]

  /// - Throws: `badData` where it is no log.
  package init(contentsOf path: String) throws {
    let file = try MappedFile(path: path)
    let span = file.span
    var bytes: [UInt8] = []
    for place in span.indices { bytes.append(span[place]) }
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = try text.lines.filter { !$0.isEmpty }.enumerated().map { number, line in
      try JSONValue(parsing: String(line), name: "\(path), line \(number + 1)")
    }
    guard let head = lines.first, let family = head["family"]?.string.flatMap(PortalTask.Family.init(rawValue:)),
      let people = head["people"]?.int, let seed = head["seed"]?.int, let interruptions = head["interruptions"]?.int,
      (1...50).contains(people), (0...9).contains(interruptions), seed >= 0
    else { throw SpudError(.badData, "\(path): the first line does not say which task it is the log of") }
    task = PortalTask.make(family, count: people, seed: UInt64(seed), difficulty: .init(interruptions: interruptions))
    isDouble = head["double"]?.bool == true
    isWhole = lines.last?["ending"] != nil
    self.lines = Array(lines.dropFirst())
  }

  package func play(in sandbox: Sandbox?) throws -> Result {
    let office = Office(portal: try task.portal(), gate: nil)
    let surface: any Surface = try sandbox.map { try BrowserSurface(office, in: $0) } ?? PageDouble(office)
    try surface.begin()
    var result = Result()
    for line in lines where line["result"]?.string == "taken" {
      guard let gesture = Self.gesture(line) else {
        throw SpudError(.badData, "the log has the action '\(line["action"]?.string ?? "")', which cannot be played")
      }
      let sight = try surface.look()
      if "\(sight.fingerprint)" != line["screen"]?.string {
        result.differences.append(
          "action \(line["n"]?.int ?? 0): another screen than '\(line["target"]?.string ?? "")' was on")
      }
      try surface.perform(gesture)
      result.actions += 1
    }
    _ = try surface.look()
    result.writes = office.portal.writes
    return result
  }

  private static func gesture(_ line: JSONValue) -> Gesture? {
    let place = (line["place"]?.array ?? []).compactMap(\.int)
    switch line["action"]?.string {
    case "click": return place.count == 2 ? .click(x: place[0], y: place[1]) : nil
    case "type": return line["text"]?.string.map { .type($0) }
    case "key": return line["text"]?.string.flatMap(Gesture.Key.init(rawValue:)).map { .key($0) }
    case "scroll": return place.count == 3 ? .scroll(x: place[0], y: place[1], by: place[2]) : nil
    case "drag": return place.count == 4 ? .drag(fromX: place[0], fromY: place[1], toX: place[2], toY: place[3]) : nil
    default: return nil
    }
  }
}
