internal import SpudErrors
internal import SpudGuardian
internal import SpudKernels
internal import SpudModels
internal import SpudPortal
internal import SpudSupport

/// What the Guardian's model adds to the time from a screen to the action that is dispatched.
package struct GuardianLatency {
  package enum Mode: String, CaseIterable, Sendable {
    /// The main model alone.
    case off
    /// It is asked when the action is written.
    case inSequence = "in sequence"
    /// It reads the screen while the action is written, from its first token on, and is waited for in the end.
    case parallel
  }

  /// Seconds: of the whole, and of the main model in it.
  package struct Sample: Sendable {
    package var total: Double
    package var main: Double
  }

  /// By mode, a sample an action, in the same order.
  package private(set) var samples: [Mode: [Sample]] = [:]

  /// The main model: it reads so many ids and writes so many, whichever they are.
  package struct Load: Sendable {
    package var read = 200
    package var written = 6

    package init() {}
  }

  /// Measures actions of tasks of the portal, each in all modes, in turns.
  ///
  /// - Parameters:
  ///   - directory: of the main model.
  ///   - threads: of the main model; the Guardian has one of its own.
  /// - Throws: what the models throw.
  package init(
    main directory: String, threads: Int, guardian: GuardianModel.Weights, actions: Int, load: Load = Load()
  ) throws {
    let main = try Transformer.load(path: directory, compute: Compute(threads: threads))
    let cache = try main.makeCache(sequences: 1, capacity: load.read + load.written, format: .f32)
    var random = SeededGenerator(seed: 1)
    let vocabulary = main.configuration.vocabularyCount
    var seed: UInt64 = 4_000_000
    var done = -3  // the first ones warm up
    while done < actions {
      let task = PortalTask.make(.onboard, count: 2, seed: seed, difficulty: .init(interruptions: 1))
      seed += 1
      let recorder = RecordingOverseer()
      var setting = Workday.Setting()
      setting.overseer = { _ in recorder }
      _ = try Workday(task, hands: ScriptedHands(), sandbox: nil, setting: setting)
      let overseer = try GuardianModel(guardian, ticket: TicketText(task.ticket))
      for question in recorder.questions where done < actions {
        let prompt = (0..<load.read).map { _ in Int32(random.index(below: vocabulary)) }
        for turn in 0..<Mode.allCases.count {
          let mode = Mode.allCases[(turn + max(0, done)) % Mode.allCases.count]
          let sample = try Self.sample(mode, main, cache, prompt, load.written, overseer, question)
          if done >= 0 { samples[mode, default: []].append(sample) }
        }
        done += 1
      }
    }
  }

  private static func sample(
    _ mode: Mode, _ main: Transformer, _ cache: KeyValueCache, _ prompt: [Int32], _ count: Int,
    _ overseer: GuardianModel, _ question: RecordingOverseer.Question
  ) throws -> Sample {
    cache.reset()
    // As in a run, where the last action is read while the page changes.
    overseer.forget()
    if let last = question.last { overseer.dispatched(last) }
    overseer.settle()
    let start = ContinuousClock.now
    var next = prompt
    for number in 0..<count {
      let batch = Batch(
        tokens: next, sequences: [Int32](repeating: 0, count: next.count),
        marks: [SpudModels.Mark](repeating: number == 0 ? .read : .written, count: next.count))
      let logits = try main.forward(batch, cache: cache, logits: .last)[0]
      var best = 0
      for id in 1..<logits.count where logits[id] > logits[best] { best = id }
      next = [Int32(best)]
      if number == 0, mode == .parallel { overseer.begin(question.screen, last: question.last) }
    }
    let written = ContinuousClock.now
    if mode == .inSequence { overseer.begin(question.screen, last: question.last) }
    if mode != .off { _ = overseer.opinion(of: question.proposal) }
    return Sample(total: (.now - start) / .seconds(1), main: (written - start) / .seconds(1))
  }

  /// A quantile of the time that a mode adds to that without a Guardian, as a share of the latter's median.
  package func added(_ mode: Mode, _ quantile: Double) -> Double {
    let (with, off) = (samples[mode] ?? [], samples[.off] ?? [])
    let base = Self.quantile(off.map(\.total), 0.5)
    return Self.quantile(zip(with, off).map { ($0.total - $1.total) / base }, quantile)
  }

  /// How much longer the main model takes beside the Guardian, in the median.
  package func slowdown(_ mode: Mode) -> Double {
    Self.quantile((samples[mode] ?? []).map(\.main), 0.5) / Self.quantile((samples[.off] ?? []).map(\.main), 0.5) - 1
  }

  /// A quantile of the whole time, in seconds.
  package func total(_ mode: Mode, _ quantile: Double) -> Double {
    Self.quantile((samples[mode] ?? []).map(\.total), quantile)
  }

  private static func quantile(_ values: [Double], _ share: Double) -> Double {
    guard !values.isEmpty else { return .nan }
    return values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
  }
}
