internal import Synchronization
internal import SpudModels
internal import SpudTokens

/// The ids of a model's own answers, found again by what they followed and what they say.
///
/// Whoever sends a whole conversation sends its answers as text, which another tokenization could spell: then what the
/// model wrote would be read again. Ids outlive the pages of their keys and values, so that an answer that has left
/// the cache is computed again as it was.
final class AnswerMemory: Sendable {
  /// Bytes held at most, texts and ids; the oldest leave first.
  private static let byteLimit = 64 << 20

  /// Ids of a prompt and the answer to it.
  struct Sequence: Sendable, Equatable {
    var ids: [Int32]
    var marks: [Mark]
  }

  private struct TextEntry {
    var prompt: TextForm.Text
    /// The answer as it was told, without what ended it.
    var answer: [UInt8]
    var sequence: Sequence
    var byteCount: Int { prompt.bytes.count + answer.count + sequence.ids.count * 5 }
  }

  private struct StreamEntry {
    var parts: [StreamPart]
    var ids: [Int32]
    var promptCount: Int
    var byteCount: Int { (ids.count + promptCount) * 4 }
  }

  private struct TextKey: Hashable {
    var scope: CacheScope
    var length: Int
    var hash: UInt64
  }

  private struct StreamKey: Hashable {
    var scope: CacheScope
    var prompt: [Int32]
  }

  private enum Key { case text(TextKey), stream(StreamKey) }

  private struct State {
    var texts: [TextKey: [TextEntry]] = [:]
    var streams: [StreamKey: [StreamEntry]] = [:]
    /// In the order of arrival.
    var order: [Key] = []
    var byteCount = 0
  }
  private let state = Mutex(State())
  private let shelf = Mutex<(shelf: AnswerShelf, tokenizer: StreamTokenizer?)?>(nil)

  // MARK: Beyond the process

  /// Has what is kept from now on kept beyond the process, too, and what was kept before found again; nil ends that.
  ///
  /// - Parameter tokenizer: A unified model's: its answers are kept as ids alone.
  func attach(_ shelf: AnswerShelf?, tokenizer: StreamTokenizer?) {
    self.shelf.withLock { $0 = shelf.map { ($0, tokenizer) } }
  }

  private func put(_ answer: @autoclosure () -> AnswerShelf.Kept, scope: CacheScope) {
    guard scope.tenant != nil, let (shelf, _) = shelf.withLock({ $0 }) else { return }
    shelf.keep(answer(), scope)
  }

  /// Fetches what was kept for a scope, the first time.
  private func recall(_ scope: CacheScope) {
    guard scope.tenant != nil, let (shelf, tokenizer) = shelf.withLock({ $0 }) else { return }
    for kept in shelf.take(scope) {
      switch kept {
      case .text(let prompt, let answer, let sequence): insert(prompt, answer: answer, sequence, scope: scope)
      case .stream(let prompt, let answer):
        guard let parts = try? tokenizer?.decodeParts(answer) else { continue }
        insert(Self.visible(parts), ids: answer, after: prompt, scope: scope)
      }
    }
  }

  // MARK: Text

  /// Keeps an answer.
  ///
  /// - Parameters:
  ///   - prompt: What it followed, with its ids and marks.
  ///   - answer: Its ids, without the one that ended it unless the template writes that too.
  ///   - text: What was told of them.
  func keep(_ answer: [Int32], text: [UInt8], after prompt: TextForm.Text, _ sequence: Sequence, scope: CacheScope) {
    guard !answer.isEmpty else { return }
    let whole = Sequence(
      ids: sequence.ids + answer, marks: sequence.marks + answer.map { _ in .written })
    if insert(prompt, answer: text, whole, scope: scope) {
      put(.text(prompt: prompt, answer: text, whole), scope: scope)
    }
  }

  /// - Returns: Whether it was not there yet.
  @discardableResult
  private func insert(_ prompt: TextForm.Text, answer: [UInt8], _ sequence: Sequence, scope: CacheScope) -> Bool {
    let entry = TextEntry(prompt: prompt, answer: answer, sequence: sequence)
    let key = TextKey(scope: scope, length: prompt.bytes.count, hash: Self.hashes(of: prompt).last ?? 0)
    return state.withLock { state in
      guard state.texts[key]?.contains(where: { $0.sequence.ids == sequence.ids }) != true else { return false }
      state.texts[key, default: []].append(entry)
      state.order.append(.text(key))
      state.byteCount += entry.byteCount
      Self.trim(&state)
      return true
    }
  }

  /// The longest beginning of a conversation that ends with an answer kept here.
  ///
  /// - Returns: Its ids, and how many bytes of the text they stand for; nil where there is none.
  /// - Complexity: O(bytes of the text).
  func beginning(of text: TextForm.Text, scope: CacheScope) -> (sequence: Sequence, byteCount: Int)? {
    recall(scope)
    let isEmpty = state.withLock { $0.texts.isEmpty }
    guard !isEmpty else { return nil }
    let hashes = Self.hashes(of: text)
    return state.withLock { state in
      let lengths = Set(
        state.texts.keys.lazy.filter { $0.scope == scope && $0.length < text.bytes.count }.map(\.length))
      for length in lengths.sorted(by: >) {
        let key = TextKey(scope: scope, length: length, hash: hashes[length])
        let found = (state.texts[key] ?? []).filter { entry in
          text.bytes[length...].starts(with: entry.answer) && Self.isBeginning(entry.prompt, of: text)
        }
        if let longest = found.max(by: { $0.answer.count < $1.answer.count }) {
          return (longest.sequence, length + longest.answer.count)
        }
      }
      return nil
    }
  }

  /// Whether both are the same up to the end of the first, control tokens included: what a user spells must not be
  /// taken for what a template wrote.
  private static func isBeginning(_ prompt: TextForm.Text, of text: TextForm.Text) -> Bool {
    let count = prompt.bytes.count
    guard text.bytes.starts(with: prompt.bytes) else { return false }
    let written = text.written.prefix { $0.lowerBound < count }.map { $0.lowerBound..<min($0.upperBound, count) }
    return written == prompt.written
  }

  /// A hash of each beginning of a text: `[bytes + 1]`.
  private static func hashes(of text: TextForm.Text) -> [UInt64] {
    var hashes = [UInt64](repeating: 0, count: text.bytes.count + 1)
    var (hash, stretch) = (14_695_981_039_346_656_037 as UInt64, 0)
    for (index, byte) in text.bytes.enumerated() {
      while stretch < text.written.count, text.written[stretch].upperBound <= index { stretch += 1 }
      let isWritten = stretch < text.written.count && text.written[stretch].contains(index)
      // FNV-1a, over a byte and who wrote it.
      hash = (hash ^ (UInt64(byte) | (isWritten ? 256 : 0))) &* 1_099_511_628_211
      hashes[index + 1] = hash
    }
    return hashes
  }

  // MARK: Streams

  /// Keeps an answer of a unified model: whole parts, with the mark that ends the turn.
  func keep(_ ids: [Int32], parts: [StreamPart], after prompt: [Int32], scope: CacheScope) {
    let visible = Self.visible(parts)
    guard !visible.isEmpty else { return }
    if insert(visible, ids: ids, after: prompt, scope: scope) {
      put(.stream(prompt: prompt, answer: ids), scope: scope)
    }
  }

  /// - Returns: Whether it was not there yet.
  @discardableResult
  private func insert(_ visible: [StreamPart], ids: [Int32], after prompt: [Int32], scope: CacheScope) -> Bool {
    let entry = StreamEntry(parts: visible, ids: ids, promptCount: prompt.count)
    let key = StreamKey(scope: scope, prompt: prompt)
    return state.withLock { state in
      guard state.streams[key]?.contains(where: { $0.ids == ids }) != true else { return false }
      state.streams[key, default: []].append(entry)
      state.order.append(.stream(key))
      state.byteCount += entry.byteCount
      Self.trim(&state)
      return true
    }
  }

  /// The ids of an answer that was given after `prompt`; nil where none says the same.
  func ids(of parts: [StreamPart], after prompt: [Int32], scope: CacheScope) -> [Int32]? {
    recall(scope)
    let visible = Self.visible(parts)
    return state.withLock { state in
      state.streams[StreamKey(scope: scope, prompt: prompt)]?.last { $0.parts == visible }?.ids
    }
  }

  /// Clients send back what they were shown; thoughts they may leave out.
  private static func visible(_ parts: [StreamPart]) -> [StreamPart] { parts.filter { $0.kind != .thought } }

  func forget(_ scope: CacheScope) {
    state.withLock { state in
      state.texts = state.texts.filter { $0.key.scope != scope }
      state.streams = state.streams.filter { $0.key.scope != scope }
      state.order.removeAll { key in
        switch key {
        case .text(let key): key.scope == scope
        case .stream(let key): key.scope == scope
        }
      }
      state.byteCount =
        state.texts.values.joined().reduce(0) { $0 + $1.byteCount }
        + state.streams.values.joined().reduce(0) { $0 + $1.byteCount }
    }
  }

  private static func trim(_ state: inout State) {
    var gone = 0
    while state.byteCount > byteLimit, gone < state.order.count {
      switch state.order[gone] {
      case .text(let key):
        if let entry = state.texts[key]?.first { state.byteCount -= entry.byteCount }
        state.texts[key]?.removeFirst()
        if state.texts[key]?.isEmpty == true { state.texts[key] = nil }
      case .stream(let key):
        if let entry = state.streams[key]?.first { state.byteCount -= entry.byteCount }
        state.streams[key]?.removeFirst()
        if state.streams[key]?.isEmpty == true { state.streams[key] = nil }
      }
      gone += 1
    }
    state.order.removeFirst(gone)
  }
}
