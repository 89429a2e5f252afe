import Foundation
import SpudSupport

/// The fixtures of Scripts/goldens/text.py, and the generator of strings that it shares with the tests.
struct ParityCorpus: Decodable {
  struct Record: Decodable {
    let plain: [[Int32]]
    let runs: [UInt32]
    let shortRuns: [UInt32]
    let special: [[Int32]]

    enum CodingKeys: String, CodingKey {
      case plain, special
      case runs = "plain_runs"
      case shortRuns = "plain_short_runs"
    }
  }

  struct Run: Decodable {
    let text: String
    let count: Int

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      text = try container.decode(String.self)
      count = try container.decode(Int.self)
    }
  }

  let count: Int
  let seed: UInt64
  let words: [String]
  let fragments: [String]
  let blocks: [[UInt32]]
  let tokens: [String]
  let literals: [String]
  let runs: [Run]
  let tokenizers: [String: Record]

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/Text")

  static func load() throws -> ParityCorpus {
    try JSONDecoder().decode(ParityCorpus.self, from: Data(contentsOf: folder.appending(path: "corpus.json")))
  }

  /// The hashes of a tokenizer's ids: [2 (plain, special), count].
  func hashes(of tokenizer: String) throws -> [UInt32] {
    let bytes = try [UInt8](Data(contentsOf: Self.folder.appending(path: "\(tokenizer).hashes")))
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
  }

  /// FNV-1a over the ids, folded to 32 bits.
  static func digest(_ ids: [Int32]) -> UInt32 {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for id in ids { value = (value ^ UInt64(UInt32(bitPattern: id))) &* 0x100_0000_01B3 }
    return UInt32(truncatingIfNeeded: value ^ value >> 32)
  }

  /// The generated strings; `strings` of the script, step by step.
  func strings() -> [String] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      var text = String.UnicodeScalarView()
      for _ in 0..<random.next(14) {
        switch random.next(16) {
        case ..<6:
          if random.next(4) > 0 { text.append(" ") }
          text.append(contentsOf: words[random.next(words.count)].unicodeScalars)
        case ..<9: text.append(contentsOf: fragments[random.next(fragments.count)].unicodeScalars)
        case ..<13: for _ in 0..<1 + random.next(6) { text.append(scalar(&random)) }
        case ..<14: for _ in 0..<1 + random.next(8) { text.append(contentsOf: "\(random.next(10))".unicodeScalars) }
        case ..<15:
          let spaces: [Unicode.Scalar] = [" ", "\n", "\r", "\t"]
          for _ in 0..<1 + random.next(5) { text.append(spaces[random.next(4)]) }
        default: text.append(contentsOf: tokens[random.next(tokens.count)].unicodeScalars)
        }
      }
      return String(text)
    }
  }

  private func scalar(_ random: inout SeededGenerator) -> Unicode.Scalar {
    let block = blocks[random.next(blocks.count)]
    let value = block[0] + UInt32(random.next(Int(block[1] - block[0] + 1)))
    return Unicode.Scalar(value) ?? "A"
  }
}

extension SeededGenerator {
  /// A number in 0..<`bound`, as the script draws it.
  fileprivate mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
