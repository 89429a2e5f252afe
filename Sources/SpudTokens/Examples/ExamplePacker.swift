internal import Dispatch
public import SpudErrors
internal import SpudTensors
internal import Synchronization

/// Examples as a trainer reads them: every stream's ids end to end, and where each begins.
public struct PackedExamples: Sendable, Equatable {
  public var tokens: [UInt16] = []
  public var offsets: [Int64] = [0]  // [examples + 1]

  public init() {}

  public var count: Int { offsets.count - 1 }

  /// The ids of one example.
  public subscript(index: Int) -> ArraySlice<UInt16> { tokens[Int(offsets[index])..<Int(offsets[index + 1])] }

  mutating func append(_ ids: [UInt16]) {
    tokens += ids
    offsets.append(Int64(tokens.count))
  }

  /// Writes safetensors with `tokens` U16 [ids] and `offsets` I64 [examples + 1].
  public func write(to path: String) throws { try file.write(to: path) }

  /// What `write` writes.
  public var bytes: [UInt8] { file.bytes }

  private var file: SafetensorsWriter {
    var writer = SafetensorsWriter()
    writer.add("tokens", shape: [tokens.count], tokens)
    writer.add("offsets", shape: [offsets.count], offsets)
    writer.setMetadata("schema", "1")
    writer.setMetadata("kind", "packed examples")
    return writer
  }
}

/// Tokenizes files of examples, so that nothing but this module knows how media become ids.
public struct ExamplePacker: Sendable {
  public let tokenizer: StreamTokenizer

  /// - Throws: `.badData` when ids do not fit in 16 bits.
  public init(_ tokenizer: StreamTokenizer) throws(SpudError) {
    guard tokenizer.vocabulary.count <= 1 << 16 else {
      throw SpudError(
        .badData, "vocabulary.json has \(tokenizer.vocabulary.count) ids, but packed examples hold at most \(1 << 16)")
    }
    self.tokenizer = tokenizer
  }

  /// The streams of every example in `files`, in order.
  ///
  /// - Parameters:
  ///   - files: paths of files of examples.
  ///   - threads: how many work side by side; the result does not depend on it.
  ///   - progress: called now and then with the number of examples done and in all.
  /// - Throws: the first failure in the order of the files, its message beginning with the file and line.
  public func pack(
    _ files: [String], threads: Int, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws -> PackedExamples {
    let files = try files.map { try ExampleFile(path: $0) }
    let total = files.reduce(0) { $0 + $1.count }
    var packed = PackedExamples()
    for file in files {
      // Blocks bound what is in flight, and a failure ends the work at the end of its block.
      for first in stride(from: 0, to: file.count, by: 1024) {
        let block = first..<min(first + 1024, file.count)
        for ids in try encode(block, of: file, threads: threads) { packed.append(ids) }
        progress?(packed.count, total)
      }
    }
    return packed
  }

  private func encode(_ block: Range<Int>, of file: ExampleFile, threads: Int) throws -> [[UInt16]] {
    let results = Mutex([Result<[UInt16], SpudError>?](repeating: nil, count: block.count))
    let next = Atomic(block.lowerBound)
    DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < block.upperBound else { return }
        let result: Result<[UInt16], SpudError>
        do {
          let stream = try tokenizer.encode(try file.example(at: index).load())
          result = .success(stream.ids.map { UInt16($0) })
        } catch {
          result = .failure(file.located(error, at: index))
        }
        results.withLock { $0[index - block.lowerBound] = result }
      }
    }
    return try results.withLock { try $0.map { try $0?.get() ?? [] } }
  }
}
