internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMedia
internal import SpudTokens

/// `spud detokenize`: ids back to text and files.
struct Detokenize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn ids back into text, pictures and sound.",
    discussion: """
      Ids are numbers with spaces or commas between them, or the object that spud tokenize --json or spud run \
      --json prints. They may be a whole stream, which begins with <bos>, or the inside of one turn. Pictures and \
      sounds are saved only where -o asks for it, numbered in the order of the stream. Ids of a model that \
      reads text only become text.

      Examples:
        spud detokenize 104,101,108,108,111
        spud tokenize --image scene.png --json | spud detokenize - -o copy
      """)

  @Argument(help: "The ids; - reads them from standard input.")
  var ids: String?

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp(
      """
      Save pictures and sounds as PREFIX-1.png, PREFIX-2.wav, … or, in a directory, as 1.png, 2.wav, …. Default: \
      nothing is saved.
      """,
      valueName: "prefix"))
  var output: String?

  @OptionGroup var model: ModelOptions
  @OptionGroup var json: JSONOptions

  struct Report: Encodable {
    var text: String
    var files: [String]
    /// Pictures and sounds that nobody asked to be saved.
    var unsaved = 0
  }

  func run() async throws {
    let path = try model.resolved()
    let report: Report
    if let checkpoint = try TextCheckpoint(path: path) {
      report = Report(text: try checkpoint.text(of: parsed()), files: [])
    } else {
      let tokenizer = try StreamTokenizer.load(directory: path)
      let ids = try parsed()
      report = try write(
        ids.first == tokenizer.vocabulary.id(of: .begin)
          ? tokenizer.decode(ids, mayEndInTurn: true)
          : [StreamTurn(.assistant, tokenizer.decodeParts(ids))])
    }
    if json.json { return try JSONOutput.print(report) }
    if !report.text.isEmpty { try Terminal.writeLine(report.text) }
    for file in report.files { Terminal.report("wrote \(file)") }
    if report.unsaved > 0 {
      let media =
        report.unsaved == 1 ? "a picture or sound that was" : "\(report.unsaved) pictures and sounds that were"
      Terminal.remark("the ids hold \(media) not saved: -o PREFIX saves them as PREFIX-1.png, PREFIX-2.wav, …")
    }
  }

  private func parsed() throws -> [Int32] {
    try Self.parse(ids == nil || ids == "-" ? String(decoding: try Terminal.readInput(), as: UTF8.self) : ids ?? "")
  }

  /// Writes the media to files; a turn's text, thoughts left out, is one paragraph.
  private func write(_ turns: [StreamTurn]) throws -> Report {
    var report = Report(text: "", files: [])
    var paragraphs: [String] = []
    for turn in turns {
      var text = ""
      for part in turn.parts {
        switch part {
        case .text(let string): text += string
        case .thought, .call, .result: break
        case .image(let image): try next(&report, ".png").map(image.writePNG)
        case .audio(let waveform): try next(&report, ".wav").map(waveform.writeWAV)
        case .video(let clip):
          for frame in clip.frames { try next(&report, ".png").map(frame.writePNG) }
          if let sound = clip.audio { try next(&report, ".wav").map(sound.writeWAV) }
        }
      }
      if !text.isEmpty { paragraphs.append(text) }
    }
    report.text = paragraphs.joined(separator: "\n")
    return report
  }

  /// The next file's name; nil where none was asked for.
  private func next(_ report: inout Report, _ suffix: String) -> String? {
    guard let output else {
      report.unsaved += 1
      return nil
    }
    let number = "\(report.files.count + 1)"
    let values = try? URL(filePath: output).resourceValues(forKeys: [.isDirectoryKey])
    let path =
      output.hasSuffix("/") || values?.isDirectory == true
      ? (output.hasSuffix("/") ? output : output + "/") + number + suffix : "\(output)-\(number)\(suffix)"
    report.files.append(path)
    return path
  }

  /// Ids from text: bare numbers, or JSON with `tokens` as objects with an `id` or as numbers.
  static func parse(_ source: String) throws(SpudError) -> [Int32] {
    if source.first(where: { !$0.isWhitespace }) == "{" { return try parse(json: source) }
    var ids: [Int32] = []
    for word in source.split(whereSeparator: { $0.isWhitespace || $0 == "," || $0 == "[" || $0 == "]" }) {
      guard let id = Int32(word), id >= 0 else {
        throw SpudError(
          .badData, "id \(ids.count + 1) is '\(word.prefix(40))', expected a whole number that is not negative")
      }
      ids.append(id)
    }
    return ids
  }

  private struct Document: Decodable {
    enum Token: Decodable {
      case id(Int32)

      private enum CodingKeys: String, CodingKey { case id }

      init(from decoder: any Decoder) throws {
        if let number = try? decoder.singleValueContainer().decode(Int32.self) {
          self = .id(number)
        } else {
          self = .id(try decoder.container(keyedBy: CodingKeys.self).decode(Int32.self, forKey: .id))
        }
      }
    }
    var tokens: [Token]
  }

  private static func parse(json: String) throws(SpudError) -> [Int32] {
    do {
      return try JSONDecoder().decode(Document.self, from: Data(json.utf8)).tokens.map { token in
        switch token {
        case .id(let id): id
        }
      }
    } catch {
      throw SpudError(.badData, "the JSON holds no list 'tokens' of ids, expected what spud tokenize --json prints")
    }
  }
}
