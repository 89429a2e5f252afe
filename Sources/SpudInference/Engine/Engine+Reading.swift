internal import SpudKernels
internal import SpudModels

extension Engine {
  /// A pass that reads prompts.
  struct Reading {
    var pass: ForwardPass
    /// Each generation with how many ids of it are in the pass.
    var parts: [(generation: Generation, count: Int)]
    /// Those whose prompt ends with this pass.
    var ending: [Generation]
    var depth: Int
    /// Ids of prompts that came later and went first.
    var overtaken = 0
    var count: Int { pass.batch.tokens.count }
    /// Ids that may go first: few, and all of them together no more than its own, so that it is never late by more
    /// than it takes.
    var hurry: Int { min(count / 4, count - overtaken) }
  }

  /// What the next step of the pass that reads takes, beside answers.
  var stepEstimate: Duration {
    guard let reading = readings.last else { return .zero }
    let step = transformer.nextStep(of: reading.pass, limits: limits(reading, hasCompany: true))
    return pace.estimate(step, ids: reading.count, depth: reading.depth)
  }

  private func limits(_ reading: Reading, hasCompany: Bool) -> StepLimits {
    pace.limits(ids: reading.count, depth: reading.depth, hasCompany: hasCompany)
  }

  /// Begins a pass where there is none, or where a prompt that has come is so much shorter than the pass that goes on.
  func beginReading(hasCompany: Bool) {
    guard readings.count < 2 else { return }
    let now = ContinuousClock.now
    let most = readings.last?.hurry ?? .max
    let readers = active.filter { isReading($0) && !isInPass($0) && missing($0) <= most }.sorted {
      urgency($0, now) == urgency($1, now) ? $0.number < $1.number : urgency($0, now) < urgency($1, now)
    }
    guard let first = readers.first else { return }
    let depth = first.sequence.map { cache.length(of: Int($0)) } ?? 0
    var room = min(pace.idsAtOnce(hasCompany: hasCompany), most)
    var parts: [(generation: Generation, count: Int)] = []
    var together: [Int32] = []
    for reader in readers where room > 0 && active.contains(where: { $0 === reader }) {
      guard let sequence = reader.sequence else { continue }
      let count = min(room, missing(reader), exactCount(of: reader) - held(reader))
      // Another prompt goes along only whole: a part of it would cost the first one time.
      guard parts.isEmpty || count == missing(reader) else { continue }
      let sequences = together + Array(repeating: sequence, count: count)
      guard makeRoom(for: sequences, youngerThan: reader, sparing: parts.map(\.generation)) else {
        if readings.isEmpty, parts.isEmpty, active.count > 1 { giveUp(reader) }
        continue
      }
      together = sequences
      parts.append((reader, count))
      room -= count
    }
    guard !parts.isEmpty else { return }
    if !readings.isEmpty { readings[0].overtaken += together.count }
    begin(parts, depth: depth)
  }

  private func begin(_ parts: [(generation: Generation, count: Int)], depth: Int) {
    var batch = Batch(tokens: [], sequences: [], marks: [])
    var places: [Int] = []
    var ending: [Generation] = []
    for (generation, count) in parts {
      guard let sequence = generation.sequence else { continue }
      generation.start()
      let length = cache.length(of: Int(sequence))
      batch.tokens += generation.tokens(length..<length + count)
      batch.marks? += generation.marks(length..<length + count)
      batch.sequences += Array(repeating: sequence, count: count)
      if length + count == generation.count {
        places.append(batch.tokens.count - 1)
        ending.append(generation)
      }
    }
    batch.recordsRoutes = ending.contains { $0.order.options.reportsTokens }
    do {
      let pass = try transformer.begin(batch, cache: cache, logitsAt: places)
      readings.append(Reading(pass: pass, parts: parts, ending: ending, depth: depth))
    } catch {
      for (generation, _) in parts { generation.fail(error) }
    }
  }

  func read(hasCompany: Bool) {
    guard let reading = readings.last else { return }
    let start = ContinuousClock.now
    let limits = limits(reading, hasCompany: hasCompany)
    let step = transformer.nextStep(of: reading.pass, limits: limits)
    let isThrough = transformer.advance(reading.pass, limits: limits)
    let time = start.duration(to: .now)
    timeSpent.reading += time
    // Of the last layer little is computed.
    pace.read(isThrough ? nil : step, ids: reading.count, depth: reading.depth, took: time)
    let done = Double(reading.pass.layersDone) / Double(transformer.configuration.layerCount)
    for (generation, count) in reading.parts {
      guard let sequence = generation.sequence else { continue }
      let before = cache.length(of: Int(sequence)) - count
      generation.reportProgress(read: Double(before) + done * Double(count))
    }
    guard isThrough else { return }
    readings.removeLast()
    let logits = transformer.finish(reading.pass)
    for (row, generation) in reading.ending.enumerated() { choose(generation, logits.row(row), row: row) }
    // Nobody waits for this as for the first id.
    for generation in reading.ending { remember(generation) }
    for (generation, _) in reading.parts where generation.ids.isEmpty { keepSome(of: generation) }
  }

  /// The fewer ids are missing and the longer it waits, the sooner a prompt is read.
  private func urgency(_ generation: Generation, _ now: ContinuousClock.Instant) -> Double {
    Double(missing(generation)) - generation.submitted.duration(to: now).milliseconds
  }
}
