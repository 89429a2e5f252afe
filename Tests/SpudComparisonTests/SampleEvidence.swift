@testable import SpudComparison
import SpudInference
import SpudPipeline
import SpudSupport

/// Measurements made up by a fixed rule, one for everything that a report can show.
enum SampleEvidence {
  static let unified = SystemCard(
    id: "unified", kind: .unified, models: ["Models/spud-nano"], parameters: 10_900_000, activeParameters: 4_600_000,
    bytesPerToken: 9_200_000, flopsPerToken: 9_400_000, cores: 2)
  static let shared = SystemCard(
    id: "pipeline-shared", kind: .pipelineShared, models: ["Models/spud-nano"], parameters: 10_900_000,
    activeParameters: 4_600_000, bytesPerToken: 9_200_000, flopsPerToken: 9_400_000, cores: 2)
  static let specialists = SystemCard(
    id: "pipeline-specialists", kind: .pipelineSpecialists, models: ["v", "h", "l"], parameters: 10_800_000,
    activeParameters: 4_500_000, bytesPerToken: 3_100_000, flopsPerToken: 3_200_000, cores: 2)

  static let skills: [(skill: String, kind: PromptKind)] = [
    ("see", .image), ("read", .image), ("hear", .sound), ("see-hear", .both), ("watch", .video),
    ("watch-hear", .video), ("reason", .text), ("draw", .text),
  ]

  static func evidence() -> Evidence {
    Evidence(systems: [unified, shared, specialists], records: records(), controls: controls, seed: 7)
  }

  static func records() -> [Record] {
    var generator = SeededGenerator(seed: 11)
    var records: [Record] = []
    for (skill, kind) in skills {
      for number in 0..<40 {
        for system in [unified, shared, specialists] {
          let isUnified = system.kind == .unified
          let slowness = isUnified ? 1.0 : kind == .text ? 1.0 : system.kind == .pipelineShared ? 2.1 : 1.3
          let total = (0.08 + 0.02 * Double(number % 5)) * slowness * (0.9 + 0.2 * generator.fraction())
          let isRight = generator.fraction() < (isUnified ? 0.9 : kind == .video ? 0.55 : 0.8)
          for mode in [AnswerRecord.Mode.question, .timed, .second] where mode != .second || kind != .text {
            let again = mode == .second ? (isUnified ? 0.35 : 0.3) : 1
            records.append(
              .answer(
                answer(
                  system, "\(skill)-\(number)", skill: skill, kind: kind, mode: mode, isRight: isRight,
                  total: total * again)))
          }
          if !isUnified, !isRight {
            records.append(
              .answer(
                answer(
                  system, "\(skill)-\(number)", skill: skill, kind: kind, mode: .toldTruth,
                  isRight: generator.fraction() < 0.7, total: total / 3)))
          }
        }
        if skill == "reason" {
          for mode in [AnswerRecord.Mode.question, .unthinking] {
            let isThought = mode == .question
            var record = answer(
              unified, "thought-\(number)", skill: skill, kind: kind, mode: mode,
              isRight: isThought || number % 4 < 2, total: 0.1)
            record.difficulty = Double(number % 4)
            record.usage.output = isThought ? 24 : 2
            records.append(.answer(record))
          }
        }
      }
    }
    return records + decodes + spaces + routings + [stream]
  }

  static func answer(
    _ system: SystemCard, _ id: String, skill: String, kind: PromptKind, mode: AnswerRecord.Mode, isRight: Bool,
    total: Double
  ) -> AnswerRecord {
    let isUnified = system.kind == .unified
    let example = Example(id: id, skill: skill, task: "task", turns: [], answer: id.count % 2 == 0 ? "red" : "blue")
    var stages = [
      Stage(module: "unified", work: .tokenize, start: 0, end: total * 0.1),
      Stage(module: "unified", work: .prefill, start: total * 0.1, end: total * 0.7),
      Stage(module: "unified", work: .decode, start: total * 0.7, end: total),
    ]
    if !isUnified {
      stages = [
        Stage(module: "vision", work: .tokenize, start: 0, end: total * 0.06),
        Stage(module: "vision", work: .prefill, start: total * 0.06, end: total * 0.2),
        Stage(module: "vision", work: .decode, start: total * 0.2, end: total * 0.5),
        Stage(module: "hearing", work: .prefill, start: total * 0.5, end: total * 0.6),
        Stage(module: "hearing", work: .decode, start: total * 0.6, end: total * 0.75),
        Stage(module: "language", work: .prefill, start: total * 0.75, end: total * 0.88),
        Stage(module: "language", work: .decode, start: total * 0.88, end: total),
      ]
    }
    let reply = Reply(
      text: isRight ? "red" : "blue <b>&", usage: Usage(text: 20, image: isUnified ? 66 : 0, output: 6),
      stages: stages, firstToken: total * 0.8, total: total)
    var record = AnswerRecord(
      system: system.id, example: example, mode: mode, repetition: 0, reply: reply,
      score: isRight ? .right : .wrong)
    record.kind = kind
    if Skill.named(record.skill).metric.isError {
      record.score.errors = ErrorCount(edits: isRight ? 0 : 2, length: 6)
    }
    return record
  }

  static let controls: [ControlRun] = [
    control("dense-active", dense: true, flops: 9_400_000, loss: 1.31),
    control("dense-middle", dense: true, flops: 14_000_000, loss: 1.22),
    control("dense-total", dense: true, flops: 21_000_000, loss: 1.15),
    control("moe-8", dense: false, flops: 9_500_000, loss: 1.24),
    control("moe-16", dense: false, flops: 9_600_000, loss: 1.20),
  ]

  static func control(_ name: String, dense: Bool, flops: Int, loss: Double) -> ControlRun {
    ControlRun(
      name: name, isDense: dense, experts: dense ? 1 : name == "moe-16" ? 16 : 8,
      parameters: dense ? flops / 2 : 10_900_000, activeParameters: flops / 2, flopsPerToken: flops,
      bytesPerToken: flops, tokens: 2e7, loss: loss)
  }

  static var decodes: [Record] {
    var records: [Record] = []
    for repetition in 0..<5 {
      for experts in [4, 8, 16, 32, 64] {
        records.append(
          .decode(
            decode(
              .experts, experts: experts, context: 256, repetition,
              0.0011 + 0.000_002 * Double(experts) + 0.00001 * Double(repetition))))
      }
      for context in [0, 1024, 4096, 16384, 32768] {
        records.append(
          .decode(decode(.context, experts: 16, context: context, repetition, 0.0011 + 1.2e-7 * Double(context))))
      }
    }
    return records
  }

  static func decode(
    _ axis: DecodeRecord.Axis, experts: Int, context: Int, _ repetition: Int, _ seconds: Double
  ) -> DecodeRecord {
    DecodeRecord(
      axis: axis, model: "random weights", isTrained: false, experts: experts,
      parameters: 2_000_000 + experts * 500_000, activeParameters: 3_000_000, bytesPerToken: 6_000_000,
      context: context, repetition: repetition, secondsPerToken: seconds)
  }

  static var spaces: [Record] {
    let names = ["red", "green", "blue", "circle", "square", "star", "ring", "top", "left", "right"]
    let categories = ["colour", "colour", "colour", "shape", "shape", "shape", "shape", "place", "place", "place"]
    return (0..<6).flatMap { layer in
      ["image → text", "text → image", "audio → text", "text → audio"].enumerated().map { index, pair in
        var points: [SpaceRecord.Point] = []
        if index == 0 {
          for (number, name) in names.enumerated() {
            for (offset, modality) in ["audio", "image", "text"].enumerated() {
              let angle = Double(number) * 0.63 + Double(offset) * 0.12
              points.append(
                .init(concept: name, modality: modality, x: 3 * angle.cosine, y: 2 * angle.sine + Double(offset) * 0.1))
            }
          }
        }
        return .space(
          SpaceRecord(
            system: "unified", layer: layer, pair: pair,
            lookups: names.indices.map { place in
              SpaceRecord.Lookup(
                concept: names[place], category: categories[place],
                nearest: place < layer + 2 + index % 2 ? names[place] : names[(place + 1) % names.count])
            }, points: points))
      }
    }
  }

  static var routings: [Record] {
    ["text", "image", "audio", "control"].enumerated().flatMap { index, modality in
      (0..<6).map { layer in
        .routing(
          RoutingRecord(
            system: "unified", layer: layer, modality: modality,
            counts: (0..<16).map { expert in 20 + ((expert + layer * 3 + index * 5) % 16 < 3 ? 200 : expert * 2) }))
      }
    }
  }

  static let stream = Record.stream(
    StreamRecord(
      system: "unified", example: "see-hear-0",
      tokens: [
        .init(modality: "control", piece: "<bos>"), .init(modality: "control", piece: "<user>"),
        .init(modality: "control", piece: "<image>"), .init(modality: "control", piece: "<size:8>"),
      ]
        + (0..<64).map { .init(modality: "image", piece: "image code \($0 * 7)") }
        + [.init(modality: "control", piece: "</image>"), .init(modality: "control", piece: "<audio>")]
        + (0..<48).map { .init(modality: "audio", piece: "audio code \($0 * 3)") }
        + [.init(modality: "control", piece: "</audio>")]
        + ["what", " colour", " is", " the", " <star>", "?"].map { .init(modality: "text", piece: $0) }
        + [.init(modality: "control", piece: "<end>"), .init(modality: "control", piece: "<assistant>")]))

  /// Made once: its resampling takes a while without optimization.
  static let sharedReport = report()

  static func report() -> Report {
    let evidence = evidence()
    let answers = evidence.systems.compactMap { system in
      evidence.answers.first { $0.system == system.id && $0.kind == .both && $0.mode == .timed }
    }
    return Report(
      setting: Report.Setting(
        date: "2026-01-02", machine: "Sample <CPU> & Sons 9000", cores: 2, memoryBytes: 24 << 30,
        suite: "a suite of made-up answers", questions: 320, seed: 7, isQuick: true, pricePerCoreHour: 0.05,
        energy: "Energy is not readable on this machine.", seconds: 93,
        remarks: ["Every number on this page is made up: it shows the report, not a model."]),
      evidence: evidence,
      showcase: Report.Showcase(
        example: "see-hear-0", question: "what colour is the <star>?", expected: "red",
        timeline: .timeline(answers), stream: evidence.streams.first, picture: nil))
  }
}
