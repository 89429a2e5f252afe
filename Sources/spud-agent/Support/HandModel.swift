internal import SpudErrors
internal import SpudHands
internal import SpudKernels
internal import SpudModels

/// A model of hands: it writes the likeliest answer that the stream allows, id by id.
final class HandModel {
  let stream: HandStream
  private let transformer: Transformer
  private let cache: KeyValueCache
  /// Ids read and seconds spent.
  private(set) var tokens = 0
  private(set) var seconds = 0.0

  /// - Parameters:
  ///   - directory: a Hugging Face directory with `marks.safetensors` beside the weights.
  ///   - threads: that compute.
  /// - Throws: `badData` where the parts do not belong together.
  init(directory: String, threads: Int) throws {
    stream = HandStream(try MarkCodebook(directory: directory))
    transformer = try Transformer.load(path: directory, compute: Compute(threads: threads))
    let count = transformer.configuration.vocabularyCount
    guard count == stream.vocabularyCount else {
      throw SpudError(
        .badData,
        "\(directory): the weights have \(count) ids, but marks.safetensors makes \(stream.vocabularyCount)")
    }
    let length = min(transformer.configuration.contextLength, 1_024)
    cache = try transformer.makeCache(sequences: 1, capacity: length, format: .f32)
  }

  /// The answer to a prompt, up to and with its end; as much as the context holds.
  func answer(_ prompt: [Int32], _ stream: HandStream) throws -> [Int32] {
    let start = ContinuousClock.now
    defer { seconds += (ContinuousClock.now - start) / .seconds(1) }
    // A screen that is too full to be read is cut before its answer, which is then a poor one.
    let room = cache.capacity - 64
    let prompt = prompt.count <= room ? prompt : Array(prompt.prefix(room - 3) + prompt.suffix(3))
    cache.reset()
    var written: [Int32] = []
    var next = prompt
    while written.last != stream.end, prompt.count + written.count < cache.capacity {
      let marks = [SpudModels.Mark](repeating: written.isEmpty ? .read : .written, count: next.count)
      let batch = Batch(tokens: next, sequences: [Int32](repeating: 0, count: next.count), marks: marks)
      let logits = try transformer.forward(batch, cache: cache, logits: .last)[0]
      tokens += next.count
      let choices = stream.allowed(after: written)
      guard let best = choices.max(by: { logits[Int($0)] < logits[Int($1)] }) else { break }
      written.append(best)
      next = [best]
    }
    return written
  }
}
