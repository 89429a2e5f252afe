internal import Foundation
internal import SpudInference

/// What `spud run --json` prints.
struct RunReport: Encodable {
  struct UsageReport: Encodable {
    var text, image, audio, cached, output: Int
    /// Of the tokens read, those that came from the memory.
    var restored: Int

    init(_ usage: Usage) {
      (text, image, audio) = (usage.text, usage.image, usage.audio)
      (cached, restored, output) = (usage.cached, usage.restored, usage.output)
    }
  }

  struct TimingsReport: Encodable {
    var loadMs, tokenizeMs, prefillMs, firstTokenMs, decodeMs, decodeTokensPerSecond: Double
    /// Tokens that were guessed from what repeats, and those of them that were right.
    var guessedTokens, acceptedTokens: Int
    /// Bytes of the model's files that were read for experts that were not in memory.
    var fileBytes: Int
  }

  struct RemarkReport: Encodable {
    /// The same word in every release.
    var kind: String
    var text: String

    init(kind: String, text: String) {
      self.kind = kind
      self.text = text
    }

    /// What lies outside what the model was trained on.
    init(outside text: String) { self.init(kind: "outside", text: text) }
  }

  var model: String
  var text: String
  /// What the model thought; null if it did not.
  var thought: String?
  var files: [String]
  var tokens: [Int32]
  var finish: String
  /// What was drawn with; null where nothing is left to chance.
  var seed: UInt64?
  /// What is wrong with the answer, or was with the question.
  var remarks: [RemarkReport]
  var usage: UsageReport
  var timings: TimingsReport

  init(_ answer: Answer, files: [String], model: String, seed: UInt64?, remarks: [RemarkReport]) {
    self.model = model
    self.files = files
    self.seed = seed
    self.remarks = remarks
    text = answer.text
    thought = answer.thought.isEmpty ? nil : answer.thought
    tokens = answer.tokens
    finish = answer.finish.rawValue
    usage = UsageReport(answer.usage)
    timings = TimingsReport(
      loadMs: answer.timings.load.milliseconds, tokenizeMs: answer.timings.tokenize.milliseconds,
      prefillMs: answer.timings.prefill.milliseconds, firstTokenMs: answer.timings.firstToken.milliseconds,
      decodeMs: answer.timings.decode.milliseconds, decodeTokensPerSecond: answer.timings.decodeTokensPerSecond,
      guessedTokens: answer.timings.guessedTokens, acceptedTokens: answer.timings.acceptedTokens,
      fileBytes: answer.timings.fileBytes)
  }
}

extension Answer {
  /// One line on how many tokens there were and how long they took.
  var summary: String {
    let read = usage.text + usage.image + usage.audio
    var line = "\(read) tokens in (\(usage.text) text, \(usage.image) image, \(usage.audio) audio), \(usage.output) out"
    if usage.restored > 0 { line += " · \(usage.restored) from memory" }
    line += String(
      format: " · load %.0f ms, first token %.0f ms, %.0f tokens/s", timings.load.milliseconds,
      timings.firstToken.milliseconds, timings.decodeTokensPerSecond)
    if timings.guessedTokens > 0 {
      line += " · \(timings.acceptedTokens) of \(timings.guessedTokens) guesses right"
    }
    if timings.fileBytes > 0 {
      let tokens = max(1, read - usage.cached + usage.output)
      line += String(format: " · %.1f MB a token from the file", Double(timings.fileBytes) / 1e6 / Double(tokens))
    }
    switch finish {
    case .end, .stop, .calls: return line
    case .length: return line + " · cut off at the limit"
    case .interrupted: return line + " · interrupted"
    }
  }
}
