internal import Foundation
internal import SpudErrors
internal import SpudSupport

extension Claim: Encodable {
  private enum CodingKeys: String, CodingKey {
    case id
    case statement
    case finding
    case measured
    case baseline
    case ratio
    case verdict
    case runs
    case spread
    case method
    case line
    case interval
    case figures
    case tables
    case plots
  }

  private struct Figures: Encodable {
    var measured: Figure?
    var baseline: Figure?
  }

  /// `measured`, `baseline` and `ratio` are plain numbers, null when not measured; their names, units and interval
  /// stand beside them.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(statement, forKey: .statement)
    try container.encode(finding, forKey: .finding)
    try container.encode(measured?.value, forKey: .measured)
    try container.encode(baseline?.value, forKey: .baseline)
    try container.encode(ratio?.value, forKey: .ratio)
    try container.encode(ratio.map { [$0.low, $0.high] }, forKey: .interval)
    try container.encode(Figures(measured: measured, baseline: baseline), forKey: .figures)
    try container.encode(verdict, forKey: .verdict)
    try container.encode(runs, forKey: .runs)
    try container.encode(spread, forKey: .spread)
    try container.encode(method, forKey: .method)
    try container.encode(line, forKey: .line)
    try container.encode(tables, forKey: .tables)
    try container.encode(plots, forKey: .plots)
  }
}

extension Report {
  private struct File: Encodable {
    var schema = 1
    var summary: String
    var setting: Setting
    var systems: [SystemCard]
    var tasks: [SkillResult]
    var byTask: [SkillResult]
    var claims: [Claim]
    var showcase: Showcase?
    var experts: Plot?
  }

  /// The report as JSON, its keys in order, numbers that are not finite as null-like texts.
  ///
  /// - Throws: `internal` when a value cannot be written.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    do {
      let file = File(
        summary: summary, setting: setting, systems: systems, tasks: tasks, byTask: byTask, claims: claims,
        showcase: showcase,
        experts: experts)
      return String(decoding: try encoder.encode(file), as: UTF8.self) + "\n"
    } catch {
      throw SpudError(.internal, "the report cannot be written as JSON: \(error)")
    }
  }

  /// Writes `report.html`, `report.md` and `report.json` into `directory`, each whole or not at all.
  ///
  /// - Returns: the paths written.
  /// - Throws: `io` when a file cannot be written.
  @discardableResult
  package func write(to directory: String) throws -> [String] {
    let files = [
      ("report.json", try json()), ("report.md", markdown()), ("report.html", html()),
    ]
    return try files.map { name, text in
      let path = directory + "/" + name
      try AtomicFile.write(Array(text.utf8), to: path)
      return path
    }
  }
}
