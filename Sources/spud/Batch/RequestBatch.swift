internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMedia
internal import SpudSupport
internal import SpudTensors
internal import SpudTokens

/// `spud run --batch`: many requests, several at a time.
struct RequestBatch {
  /// A file of requests, one JSON object a line.
  let path: String
  /// Where the answers go; nil is standard output.
  let answers: String?
  let form: GenerationOptions.Form
  let system: String?
  let stops: [String]
  let thinking: Int?
  let output: GenerationOptions.Output?
  let sampling: SamplingOptions

  private struct Line: Encodable {
    var id: String
    var text: String?
    var thought: String?
    /// Pictures as PNG and sounds as WAV, in base64.
    var images, audio: [String]?
    var finish: String?
    var usage: RunReport.UsageReport?
    var remarks: [String]?
    var error: String?
  }

  /// - Throws: `SpudError` when the file of requests or that of answers cannot be used; (`badData`) in the end, when
  ///   some requests could not be answered.
  func run(with model: Model, atOnce: Int) async throws {
    let lines = try Self.text(path).lines
    let folder = path == "-" ? "." : URL(filePath: path).deletingLastPathComponent().path
    let jobs = lines.enumerated().filter { !$0.element.allSatisfy(\.isWhitespace) }.map { index, line in
      (number: index + 1, line: line, id: Self.id(of: line, number: index + 1))
    }
    try Self.requireDistinct(jobs.map { ($0.id, $0.number) }, path)
    let target = try BatchAnswers(answers, requests: path)
    var options = GenerationOptions(
      sampling: sampling.value(for: model), maximumTokens: sampling.maxTokens ?? 1024, output: output,
      thinking: thinking)
    options.form = form
    options.stops = stops
    let known = target.known
    var (waiting, failed, done) = (jobs[...], 0, 0)
    let progress = Progress("answering")
    defer { progress.finish() }
    try await withThrowingTaskGroup(of: Line?.self) { group in
      func begin() {
        guard let job = waiting.popFirst() else { return }
        group.addTask { [options, system, model, folder, known] in
          if known.contains(job.id) { return nil }
          return await Self.answer(job.id, with: model) {
            let value = try JSONValue(parsing: String(job.line), name: "line \(job.number)")
            return try BatchRequest(value, number: job.number, folder: folder, system: system, options: options)
          }
        }
      }
      for _ in 0..<atOnce { begin() }
      while let line = try await group.next() {
        begin()
        done += 1
        progress.update(Double(done) / Double(jobs.count))
        guard let line else { continue }
        if line.error != nil { failed += 1 }
        try target.write(try JSONOutput.line(line))
      }
    }
    progress.finish()
    if failed > 0 {
      throw SpudError(.badData, "\(failed) of \(jobs.count) requests could not be answered; their lines say why")
    }
  }

  private static func text(_ path: String) throws -> String {
    let limit = 1 << 30
    guard path == "-" else { return try Files.text(path, limit: limit) }
    guard let text = String(validating: try Terminal.readInput(limit: limit), as: UTF8.self) else {
      throw SpudError(.badData, "standard input is not UTF-8 text")
    }
    return text
  }

  private static func id(of line: Substring, number: Int) -> String {
    (try? JSONValue(parsing: String(line), name: "")).map { BatchRequest.id(of: $0, number: number) } ?? String(number)
  }

  /// Answers are told apart, and found again, by their ids.
  private static func requireDistinct(_ ids: [(id: String, line: Int)], _ path: String) throws {
    var lines: [String: Int] = [:]
    for (id, line) in ids {
      guard let other = lines.updateValue(line, forKey: id) else { continue }
      throw SpudError(
        .badData,
        "\(path): lines \(other) and \(line) have the same id, '\(id.prefix(60))'; without one, a line's id is "
          + "its number")
    }
  }

  private static func answer(
    _ id: String, with model: Model, _ read: () throws -> BatchRequest
  ) async -> Line {
    do {
      let request = try read()
      let answer = try await model.submit(request.request).answer()
      let usage = RunReport.UsageReport(answer.usage)
      let images = try answer.images.map { Data(try $0.pngData()).base64EncodedString() }
      let sounds = try answer.sounds.map { Data(try $0.wavData()).base64EncodedString() }
      let remarks = request.remarks + answer.remarks.map(\.description)
      return Line(
        id: id, text: answer.text, thought: answer.thought.isEmpty ? nil : answer.thought,
        images: images.isEmpty ? nil : images, audio: sounds.isEmpty ? nil : sounds, finish: answer.finish.rawValue,
        usage: usage, remarks: remarks.isEmpty ? nil : remarks)
    } catch {
      return Line(id: id, error: (error as? SpudError)?.message ?? "\(error)")
    }
  }
}

extension Answer {
  /// The pictures of the answer, those of films among them.
  fileprivate var images: [RGBImage] {
    parts.flatMap { part -> [RGBImage] in
      switch part {
      case .image(let image): [image]
      case .video(let clip): clip.frames
      case .text, .audio, .thought, .call, .result: []
      }
    }
  }

  fileprivate var sounds: [Waveform] {
    parts.compactMap { part -> Waveform? in
      switch part {
      case .audio(let sound): sound
      case .video(let clip): clip.audio
      case .text, .image, .thought, .call, .result: nil
      }
    }
  }
}
