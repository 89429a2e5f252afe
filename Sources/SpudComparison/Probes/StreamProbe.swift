internal import SpudErrors
package import SpudInference
internal import SpudKernels
internal import SpudMedia
internal import SpudModels
internal import SpudPipeline
internal import SpudTokens

/// What the unified model's inside shows: the stream of one prompt, the experts that each modality is sent to, and
/// where concepts lie in the hidden states.
package struct StreamProbe: Sendable {
  package var system: String
  package var model: Model
  package var examples: [Example]
  /// The example whose stream the report shows.
  package var showcase: Example?

  package init(system: String, model: Model, examples: [Example], showcase: Example?) {
    self.system = system
    self.model = model
    self.examples = examples
    self.showcase = showcase
  }

  /// Examples that are read for one concept in one modality, and for the experts' use.
  static let examplesPerConcept = 4
  static let routedExamples = 48

  /// As probes of a run; none for a model that reads text only.
  package func probes() -> [Probe] {
    guard model.isUnified else { return [] }
    var probes = [
      Probe(
        title: "experts by modality", keys: routingKeys,
        measure: { journal in for record in try await routing() { try journal.append(record) } }),
      Probe(
        title: "hidden states", keys: ["space/\(system)/0/audio → image"],
        measure: { journal in for record in try await space() { try journal.append(record) } }),
    ]
    if let showcase {
      probes.append(
        Probe(title: "stream", keys: ["stream/\(system)/\(showcase.id)"]) { journal in
          for record in try await stream(showcase) { try journal.append(record) }
        })
    }
    return probes
  }

  private var routingKeys: [String] {
    model.transformer.configuration.expertCount > 0 ? ["routing/\(system)/0/text"] : []
  }

  // MARK: - The stream

  @concurrent
  private func stream(_ example: Example) async throws -> [Record] {
    guard let tokenizer = model.streamTokenizer else { return [] }
    let stream = try tokenizer.encodePrompt(try MediaStore().load(example.turns))
    let tokens = stream.ids.map { id in
      StreamRecord.Token(
        modality: (tokenizer.vocabulary.modality(of: id) ?? .control).rawValue, piece: tokenizer.piece(of: id))
    }
    return [.stream(StreamRecord(system: system, example: example.id, tokens: tokens))]
  }

  // MARK: - Experts

  private static let modalities: [Modality] = [.text, .control, .image, .audio]

  @concurrent
  private func routing() async throws -> [Record] {
    guard let tokenizer = model.streamTokenizer else { return [] }
    let transformer = model.transformer
    transformer.statistics.reset()
    defer { transformer.statistics.reset() }
    for example in examples.prefix(Self.routedExamples) {
      try Task.checkCancellation()
      let ids = try tokenizer.encodePrompt(try MediaStore().load(example.turns)).ids
      guard ids.count <= model.contextLength else { continue }
      let classes = ids.map { id in
        UInt8(Self.modalities.firstIndex(of: tokenizer.vocabulary.modality(of: id) ?? .control) ?? 1)
      }
      let cache = try transformer.makeCache(sequences: 1, capacity: ids.count, format: .bf16)
      _ = try transformer.forward(Batch(ids, classes: classes), cache: cache, logits: .none)
    }
    let statistics = transformer.statistics
    return (0..<statistics.layerCount).flatMap { layer in
      Self.modalities.enumerated().map { tokenClass, modality in
        .routing(
          RoutingRecord(
            system: system, layer: layer, modality: modality.rawValue,
            counts: (0..<statistics.expertCount).map { statistics[layer: layer, expert: $0, class: tokenClass] }))
      }
    }
  }

  // MARK: - Hidden states

  @concurrent
  private func space() async throws -> [Record] {
    let concepts = ConceptExamples(examples, limit: Self.examplesPerConcept)
    var entries: [ConceptSpace.Entry] = []
    for concept in concepts.words {
      for (modality, prompts) in concepts.prompts(for: concept) {
        try Task.checkCancellation()
        let states = try prompts.compactMap { try meanStates(of: $0.part, kind: $0.kind) }
        guard let first = states.first else { continue }
        var sum = first
        for other in states.dropFirst() {
          for layer in sum.indices {
            for index in sum[layer].indices { sum[layer][index] += other[layer][index] }
          }
        }
        entries.append(
          ConceptSpace.Entry(
            concept: concept, category: concepts.category(of: concept), modality: modality, states: sum))
      }
    }
    return try ConceptSpace(entries: entries).records(system: system).map(Record.space)
  }

  /// The mean over a part's tokens of the hidden states after each layer, [layers][modelWidth]; nil when it is too
  /// long.
  private func meanStates(of part: PromptPart, kind: PartKind) throws -> [[Float]]? {
    guard let tokenizer = model.streamTokenizer else { return nil }
    let transformer = model.transformer
    let stream = try tokenizer.encode(try MediaStore().load([PromptTurn(.user, [part])]))
    guard let span = stream.spans.first(where: { $0.kind == kind }), stream.ids.count <= transformer.chunkLength,
      stream.ids.count <= model.contextLength
    else { return nil }
    var states: [[Float]] = []
    transformer.hiddenStatesObserver = { _, hidden in
      var mean = [Float](repeating: 0, count: hidden.columns)
      for row in span.range {
        let values = hidden.row(row)
        for column in values.indices { mean[column] += values[column] / Float(span.range.count) }
      }
      states.append(mean)
    }
    defer { transformer.hiddenStatesObserver = nil }
    let cache = try transformer.makeCache(sequences: 1, capacity: stream.ids.count, format: .bf16)
    _ = try transformer.forward(Batch(stream.ids), cache: cache, logits: .none)
    return states
  }
}

/// The words that a suite shows, says and names, with the examples that do.
struct ConceptExamples {
  struct Prompt {
    var part: PromptPart
    var kind: PartKind
  }

  private(set) var words: [String] = []
  /// By word, the task that it answers: colours, shapes.
  private var categories: [String: String] = [:]
  private var seen: [String: [PromptPart]] = [:]
  private var heard: [String: [PromptPart]] = [:]

  /// Takes the answers of questions about pictures that are one word, are in a picture's description, and are said in a
  /// recording.
  ///
  /// - Parameter limit: how many examples are kept of a word in each modality: those with the shortest descriptions,
  ///   where
  ///   the word stands most alone.
  init(_ examples: [Example], limit: Int) {
    func collect(_ media: [(PromptPart, String)]) -> [String: [PromptPart]] {
      var found: [String: [PromptPart]] = [:]
      for (part, description) in media.sorted(by: { $0.1.count < $1.1.count }) {
        for word in Set(TextMetrics.words(description)) where found[word, default: []].count < limit {
          found[word, default: []].append(part)
        }
      }
      return found
    }
    seen = collect(
      examples.flatMap { example in
        // Scenes only: a printed word shows what it says in another way.
        zip(example.turns.media.filter { if case .image = $0 { true } else { false } }, example.imageDescriptions)
          .filter { !DrawingJudge.things(in: $0.1).isEmpty }
      })
    heard = collect(
      examples.flatMap { example in
        zip(example.turns.media.filter { if case .audio = $0 { true } else { false } }, example.soundDescriptions)
      })
    var answers: [String: Set<String>] = [:]
    for example in examples where example.kind == .image {
      let answer = TextMetrics.normalized(example.answer)
      if !answer.contains(" ") { answers["\(example.skill): \(example.task)", default: []].insert(answer) }
    }
    // A word may answer several tasks, as a printed word does that names a colour: the task with the fewest answers is
    // what it is one of.
    for (task, words) in answers.sorted(by: { ($0.value.count, $0.key) < ($1.value.count, $1.key) }) {
      for word in words where categories[word] == nil { categories[word] = task }
    }
    words = categories.keys.filter { seen[$0] != nil && heard[$0] != nil }.sorted()
  }

  func category(of word: String) -> String { categories[word] ?? "" }

  /// What to read for a word, by modality.
  func prompts(for word: String) -> [(modality: String, prompts: [Prompt])] {
    [
      ("audio", (heard[word] ?? []).map { Prompt(part: $0, kind: .audio) }),
      ("image", (seen[word] ?? []).map { Prompt(part: $0, kind: .image) }),
      ("text", [Prompt(part: .text(word), kind: .text)]),
    ]
  }
}
