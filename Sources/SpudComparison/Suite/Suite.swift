internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMedia
internal import SpudPipeline
internal import SpudSupport
internal import SpudTokens

/// The questions of a comparison, in the form of the world's examples: a JSONL file per set, media beside it. A
/// directory of media may be packed: `media/see.zip` stands for `media/see`.
package struct Suite: Sendable {
  /// The directory or file as it was named.
  package var name: String
  package var examples: [Example]
  /// Changes whenever an example does.
  package var fingerprint: String

  package init(name: String, examples: [Example]) {
    self.name = name
    self.examples = examples
    // FNV-1a, 64 bits: told apart, not authenticated.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var catalog = MediaCatalog()
    for example in examples {
      // Of a file its size and date are looked at: a picture drawn again under its old name is another question.
      let parts = (example.turns.flatMap(\.parts) + [example.reference].compactMap(\.self)).map { part in
        let file = part.path.flatMap { try? catalog.file(holding: $0) }
        let attributes = file.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
        let date = attributes?[.modificationDate] as? Date
        return "\(part) \(attributes?[.size] as? Int ?? 0) \(Int(date?.timeIntervalSince1970 ?? 0))"
      }
      let told = example.imageDescriptions + example.soundDescriptions + example.filmDescriptions.joined()
      let asked = [example.id, example.skill, example.task, example.output.rawValue, example.answer] + example.accept
      let text = [asked, parts, told].joined().joined(separator: "\u{0}")
      for byte in text.utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      }
    }
    fingerprint = String(hash, radix: 16)
  }

  /// Reads every `*.jsonl` of a directory and its directories in the order of their names, or one file.
  ///
  /// - Throws: `noInput` when there is nothing at `path`; `badData` naming file and line when a line is not an example,
  ///   a medium is missing, an id occurs twice, or there is no example at all.
  package static func load(path: String) throws -> Suite {
    let files = try files(at: path)
    var examples: [Example] = []
    var places: [String: String] = [:]
    var catalog = MediaCatalog()
    for file in files {
      let file = try ExampleFile(path: file)
      for index in 0..<file.count {
        let place = file.place(of: index)
        let example = try Example(try file.example(at: index), place: place, catalog: &catalog)
        if let first = places.updateValue(place, forKey: example.id) {
          throw SpudError(.badData, "\(place): the id '\(example.id)' is at \(first) already")
        }
        examples.append(example)
      }
    }
    guard !examples.isEmpty else {
      throw SpudError(.badData, "\(path) holds no example: a suite needs at least one line in a .jsonl file")
    }
    return Suite(name: path, examples: examples)
  }

  /// The questions that a run asks: at most `limit` of each task, chosen by `seed`, in turn from every skill, so that a
  /// run that has to stop early has asked of everything.
  package func selection(perSkill limit: Int, seed: UInt64) -> [Example] {
    var generator = SeededGenerator(seed: seed)
    let bySkill = Dictionary(grouping: examples, by: \.skill)
    let queues = bySkill.keys.sorted().map { skill -> [Example] in
      let byTask = Dictionary(grouping: bySkill[skill] ?? [], by: \.task)
      let tasks = byTask.keys.sorted().map { (byTask[$0] ?? []).shuffled(using: &generator) }
      return Array(Self.interleaved(tasks).prefix(limit))
    }
    return Self.interleaved(queues)
  }

  /// The first of each, then the second of each, …
  static func interleaved<Element>(_ lists: [[Element]]) -> [Element] {
    let longest = lists.map(\.count).max() ?? 0
    return (0..<longest).flatMap { index in lists.compactMap { $0.indices.contains(index) ? $0[index] : nil } }
  }

  private static func files(at path: String) throws -> [String] {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
      throw SpudError(.noInput, "there is no suite at \(path)")
    }
    guard attributes[.type] as? FileAttributeType == .typeDirectory else { return [path] }
    let names = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [])
      .filter { $0.hasSuffix(".jsonl") && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
    guard !names.isEmpty else {
      throw SpudError(.badData, "\(path) holds no .jsonl file: a suite needs at least one")
    }
    return names.sorted().map { path + "/" + $0 }
  }
}
