internal import SpudErrors
internal import SpudModels
internal import SpudTensors
internal import SpudTokens
internal import Synchronization

/// Where a model's answers are kept beyond the process, so that the next one finds their ids again by what they say.
final class AnswerShelf: Sendable {
  /// An answer as it is kept.
  enum Kept: Sendable, Equatable {
    case text(prompt: TextForm.Text, answer: [UInt8], AnswerMemory.Sequence)
    /// A unified model's: its parts are what its ids say.
    case stream(prompt: [Int32], answer: [Int32])
  }

  /// Has an answer kept, behind whatever goes on.
  let keep: @Sendable (Kept, CacheScope) -> Void
  private let recall: @Sendable (CacheScope) -> [[UInt8]]
  private let recalled = Mutex<Set<CacheScope>>([])

  /// - Parameters:
  ///   - keep: Has an answer kept.
  ///   - recall: What was kept for a scope, the oldest first.
  init(
    keep: @escaping @Sendable (Kept, CacheScope) -> Void, recall: @escaping @Sendable (CacheScope) -> [[UInt8]]
  ) {
    (self.keep, self.recall) = (keep, recall)
  }

  /// What was kept for a scope, the first time that it is asked for; what cannot be read is not there.
  func take(_ scope: CacheScope) -> [Kept] {
    guard recalled.withLock({ $0.insert(scope).inserted }) else { return [] }
    return recall(scope).compactMap { try? Kept(bytes: $0) }
  }
}

extension AnswerShelf.Kept {
  /// Raised when an answer is written in another way.
  private static let version: UInt8 = 1

  /// The sequence that the answer ends; without marks, where its ids tell them.
  var sequence: AnswerMemory.Sequence {
    switch self {
    case .text(_, _, let sequence): sequence
    case .stream(let prompt, let answer): AnswerMemory.Sequence(ids: prompt + answer, marks: [])
    }
  }

  /// As bytes, which `init(bytes:)` reads.
  var bytes: [UInt8] {
    var bytes = [Self.version]
    func put(_ count: Int) { bytes += [UInt32(clamping: count)].littleEndianBytes }
    func put(_ ids: [Int32]) {
      put(ids.count)
      bytes += ids.littleEndianBytes
    }
    switch self {
    case .text(let prompt, let answer, let sequence):
      bytes.append(0)
      for text in [prompt.bytes, answer] {
        put(text.count)
        bytes += text
      }
      put(prompt.written.count)
      for range in prompt.written {
        put(range.lowerBound)
        put(range.upperBound)
      }
      put(sequence.ids)
      bytes += sequence.marks.map { $0 == .written ? 1 : 0 }
    case .stream(let prompt, let answer):
      bytes.append(1)
      put(prompt)
      put(answer)
    }
    return bytes
  }

  /// - Throws: `SpudError` (`badData`) when the bytes are no answer.
  init(bytes: [UInt8]) throws {
    var reader = StateReader(bytes: bytes)
    let head = Array(try reader.take(2))
    switch (head[0], head[1]) {
    case (Self.version, 0):
      let (prompt, answer) = (Array(try reader.take(try reader.count())), Array(try reader.take(try reader.count())))
      let stretches = try reader.stretches(within: prompt.count)
      let ids = try reader.ids()
      let marks = try reader.take(ids.count).map { $0 == 1 ? Mark.written : .read }
      self = .text(
        prompt: TextForm.Text(bytes: prompt, written: stretches), answer: answer,
        AnswerMemory.Sequence(ids: ids, marks: marks))
    case (Self.version, 1): self = .stream(prompt: try reader.ids(), answer: try reader.ids())
    default:
      throw SpudError(
        .badData, "a remembered answer has version \(head[0]) and kind \(head[1]), expected \(Self.version) and 0 or 1")
    }
  }
}
