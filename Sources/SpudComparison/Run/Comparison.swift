internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudKernels
package import SpudPipeline
internal import SpudTokens

/// A comparison from its suite to its report.
package struct Comparison: Sendable {
  package var suite: Suite
  /// Where the journal and the report go.
  package var directory: String
  package var extent: Runner.Extent
  package var isQuick: Bool
  package var seed: UInt64
  package var pricePerCoreHour: Double
  package var controls: [ControlRun]
  /// What the reader has to know before anything was measured, such as which systems are not there.
  package var remarks: [String]

  package init(
    suite: Suite, directory: String, extent: Runner.Extent, isQuick: Bool, seed: UInt64, pricePerCoreHour: Double,
    controls: [ControlRun], remarks: [String] = []
  ) {
    self.suite = suite
    self.directory = directory
    self.extent = extent
    self.isQuick = isQuick
    self.seed = seed
    self.pricePerCoreHour = pricePerCoreHour
    self.controls = controls
    self.remarks = remarks
  }

  /// Measures, judges and writes the report. A run whose time is up before everything is measured writes its report
  /// too, and goes on where it stopped when it is begun again.
  ///
  /// - Parameters:
  ///   - fingerprint: changes whenever a model does.
  ///   - resumed: told how many measurements an interrupted run left, before anything is measured.
  /// - Returns: the report, and the files that it was written to.
  /// - Throws: `SpudError` when a system cannot answer or a file cannot be written; what was measured stays in the
  ///   journal.
  package func run(
    systems: [SystemUnderTest], probes: [Probe], fingerprint: String, stopwatch: Stopwatch = .continuous,
    resumed: (Int) -> Void = { _ in }, onProgress: @escaping @Sendable (Runner.Progress) -> Void = { _ in }
  ) async throws -> (report: Report, files: [String]) {
    let journal = try Journal(
      directory: directory,
      settings: settings(
        systems: systems, fingerprint: fingerprint, instructionSet: try InstructionSet.selected().rawValue))
    resumed(journal.resumedCount)
    let start = stopwatch.now()
    let speech = try SpeechJudge(suite: suite)
    let judge = Judge(speech: speech)
    let runner = Runner(
      suite: suite, systems: systems, probes: probes, judge: judge, journal: journal, extent: extent, seed: seed,
      stopwatch: stopwatch, energy: .machine, onProgress: onProgress)
    let outcome = try await runner.run()
    var remarks = remarks + outcome.remarks + [speech.remark(on: suite.examples)].compactMap(\.self)
    for system in systems {
      guard let other = system.answersLike else { continue }
      remarks.append("\(system.card.id) has the models of \(other), and so its answers; only its times were taken.")
    }
    let cards = systems.map(\.card)
    if !cards.contains(where: \.kind.isPipeline) {
      remarks.append("No pipeline was run: claims that compare with one are not measured.")
    }
    if isQuick {
      remarks.append(
        """
        A quick run asks few questions: where an interval is wide, “does not hold” may only mean that it could not \
        tell.
        """)
    }
    if journal.resumedCount > 0 {
      remarks.append(
        "The run was interrupted; \(Format.grouped(journal.resumedCount)) of its measurements were made before that.")
    }
    let evidence = Evidence(
      systems: cards, records: journal.records, controls: controls, pricePerCoreHour: pricePerCoreHour, seed: seed)
    let report = Report(
      setting: Report.Setting(
        date: Machine.date, machine: Machine.name, cores: Machine.cores, memoryBytes: Machine.memoryBytes,
        suite: suite.name, questions: Set(evidence.answers.map(\.example)).count, seed: seed, isQuick: isQuick,
        pricePerCoreHour: pricePerCoreHour, energy: EnergyMeter.sentence(evidence), seconds: stopwatch.now() - start,
        remarks: remarks),
      evidence: evidence, showcase: showcase(evidence))
    let files = try report.write(to: directory)
    if outcome.isComplete { try journal.finish() }
    return (report, files)
  }

  /// Everything that measurements must have in common to share one journal.
  ///
  /// - Parameter instructionSet: that the kernels use.
  func settings(systems: [SystemUnderTest], fingerprint: String, instructionSet: String) -> String {
    let ways = systems.map { system in
      let prompts = system.prompts
      return "\(system.card.id) on \(system.card.cores) threads"
        + (system.card.kind.isPipeline
          ? " asks '\(prompts.describeImage)', '\(prompts.describeFrame)', '\(prompts.describeSound)'" : "")
    }
    return """
      suite \(suite.fingerprint), models \(fingerprint), seed \(seed), \(isQuick ? "quick" : "full"), \(Machine.name), \
      \(Machine.cores) cores, \(instructionSet), systems \(ways.joined(separator: "; "))
      """
  }

  /// The example that the timeline and the stream show: one with a picture and a sound if there is one, of those that
  /// every system was asked, one that the unified model got right.
  package static func showcaseExample(_ examples: [Example]) -> Example? {
    for kind in [PromptKind.both, .image, .sound, .video, .text] {
      if let example = examples.first(where: { $0.kind == kind && $0.output == .text }) { return example }
    }
    return nil
  }

  private func showcase(_ evidence: Evidence) -> Report.Showcase? {
    let asked = suite.selection(perSkill: extent.perSkill, seed: seed)
    guard let example = Self.showcaseExample(asked) else { return nil }
    let answers = evidence.systems.compactMap { system in
      evidence.answers(of: system, modes: [.timed]).first { $0.example == example.id }
    }
    let picture = example.turns.media.lazy.compactMap { part -> String? in
      guard case .image(let path) = part, path.hasSuffix(".png"),
        let data = FileManager.default.contents(atPath: path), data.count < 1 << 18
      else { return nil }
      return data.base64EncodedString()
    }.first
    return Report.Showcase(
      example: example.id, question: example.question, expected: example.answer,
      timeline: answers.isEmpty ? nil : .timeline(answers),
      stream: evidence.streams.first { $0.example == example.id }, picture: picture)
  }
}
