internal import SpudErrors
internal import SpudHands
internal import SpudKernels
internal import SpudModels

/// A model of hands: it writes the likeliest answer that the stream allows, id by id, of several views of a screen.
final class HandModel {
  let stream: HandStream
  private let views: Int
  private let transformer: Transformer
  private let cache: KeyValueCache
  /// Ids read and seconds spent.
  private(set) var tokens = 0
  private(set) var seconds = 0.0

  /// - Parameters:
  ///   - directory: a Hugging Face directory with `marks.safetensors` beside the weights.
  ///   - threads: that compute.
  ///   - views: of each screen; a screen costs as much as it has views.
  /// - Throws: `badData` where the parts do not belong together.
  init(directory: String, threads: Int, views: Int) throws {
    self.views = views
    stream = HandStream(try MarkCodebook(directory: directory))
    transformer = try Transformer.load(path: directory, compute: Compute(threads: threads))
    let count = transformer.configuration.vocabularyCount
    guard count == stream.vocabularyCount else {
      throw SpudError(
        .badData,
        "\(directory): the weights have \(count) ids, but marks.safetensors makes \(stream.vocabularyCount)")
    }
    let length = min(transformer.configuration.contextLength, 1_024)
    cache = try transformer.makeCache(sequences: views, capacity: length, format: .f32)
  }

  /// The answer to a prompt, up to and with its end; as much as the context holds.
  func answer(_ prompt: [Int32], _ stream: HandStream) throws -> [Int32] {
    let start = ContinuousClock.now
    defer { seconds += (ContinuousClock.now - start) / .seconds(1) }
    // A screen that is too full to be read is cut before its answer, which is then a poor one.
    let room = cache.capacity - 64
    let prompt = prompt.count <= room ? prompt : Array(prompt.prefix(room - 3) + prompt.suffix(3))
    let views = HandView.several(of: prompt, count: views)
    cache.reset()
    var written: [Int32] = []
    var next = prompt
    while written.last != stream.end, prompt.count + written.count < cache.capacity {
      let sequences = views.indices.flatMap { [Int32](repeating: Int32($0), count: next.count) }
      let marks = [SpudModels.Mark](repeating: written.isEmpty ? .read : .written, count: sequences.count)
      let moved = views.flatMap { view in next.map { view.moved($0) ?? $0 } }
      let batch = Batch(tokens: moved, sequences: sequences, marks: marks)
      let all = try transformer.forward(batch, cache: cache, logits: .last)
      let logits = views.indices.map { all[$0] }
      tokens += moved.count
      var best: (id: Int32, sum: Float)?
      for id in stream.allowed(after: written) {
        var sum: Float = 0
        for (view, row) in zip(views, logits) { sum += view.moved(id).map { row[Int($0)] } ?? -.infinity }
        if sum > best?.sum ?? -.infinity { best = (id, sum) }
      }
      guard let best = best?.id else { break }
      written.append(best)
      next = [best]
    }
    return written
  }
}
