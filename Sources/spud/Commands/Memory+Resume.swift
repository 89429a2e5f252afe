internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMemory
internal import SpudOptions

extension Memory {
  /// `spud memory resume`
  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measure the first token of a conversation that is resumed, beside one that is read.",
      discussion: """
        A conversation is read once and sealed. Then, in turn, the store is opened as a new process does and a \
        question asked in the conversation that it gives, and the same question is asked where all of it has to be \
        read. Both must write the same. The model is loaded once, before.

        Example:
          spud memory resume -m Models/spud-nano --tokens 1900 --directory /var/tmp/resume
        """)

    @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of the conversation, or few more.", valueName: "n"))
    var tokens = 1900
    @Option(parsing: .unconditional, help: ArgumentHelp("How often each way is gone.", valueName: "n")) var rounds = 9
    @Option(
      help: ArgumentHelp("Where the store is made and taken away again; it must not be there.", valueName: "dir"),
      completion: .directory)
    var directory: String
    @OptionGroup var model: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var json: JSONOptions

    func validate() throws {
      guard (64...(1 << 22)).contains(tokens) else { throw ValidationError("--tokens goes from 64 to \(1 << 22).") }
      guard (1...1000).contains(rounds) else { throw ValidationError("--rounds goes from 1 to 1000.") }
    }

    /// One way to the first token, in milliseconds.
    struct Way: Encodable {
      var tokens, restored: Int
      var openMs, tokenizeMs, restoreMs, computeMs, firstTokenMs: Double

      init(_ passage: ResumeMeasurement.Passage) {
        tokens = passage.usage.input
        restored = passage.usage.restored
        openMs = passage.open * 1e3
        tokenizeMs = passage.tokenize * 1e3
        restoreMs = passage.restore * 1e3
        computeMs = passage.compute * 1e3
        firstTokenMs = passage.firstToken * 1e3
      }

      var cells: [String] {
        ["\(tokens)", "\(restored)"]
          + [openMs, tokenizeMs, restoreMs, computeMs, firstTokenMs].map { String(format: "%.2f", $0) }
      }
    }

    struct Report: Encodable {
      var resumed, read: [Way]
      /// Medians of the rounds' ratios of the times to the first token, without and with the opening of the store.
      var ratio, ratioWithOpening: Double
      /// The median ratio of reading the tokens to finding and restoring them.
      var restoreRatio: Double
    }

    func run() async throws {
      guard !FileManager.default.fileExists(atPath: directory) else {
        throw SpudError(.usage, "\(directory): is there already, and what is measured would be taken away with it")
      }
      let loaded = try await compute.load(model.resolved())
      let rounds = try await ResumeMeasurement(tokens: tokens, rounds: rounds, directory: directory).run(loaded)
      let report = Report(
        resumed: rounds.map { Way($0.resumed) }, read: rounds.map { Way($0.read) },
        ratio: median(rounds.map { $0.read.firstToken / $0.resumed.firstToken }),
        ratioWithOpening: median(rounds.map { $0.read.firstToken / ($0.resumed.open + $0.resumed.firstToken) }),
        restoreRatio: median(rounds.map { $0.read.compute / $0.resumed.restore }))
      if json.json { return try JSONOutput.print(report) }
      var table = Table(columns: [
        ("way", .left), ("tokens", .right), ("restored", .right), ("opened ms", .right), ("tokenized ms", .right),
        ("restored ms", .right), ("computed ms", .right), ("first token ms", .right),
      ])
      for (resumed, read) in zip(report.resumed, report.read) {
        table.rows += [["resumed"] + resumed.cells, ["read"] + read.cells]
      }
      try Terminal.writeLine(table.markdown)
      let ratios = [report.restoreRatio, report.ratio, report.ratioWithOpening].map { String(format: "%.1f", $0) }
      try Terminal.writeLine(
        "restored \(ratios[0]) times as fast as read; the first token \(ratios[1]) times, with the opening of the "
          + "store \(ratios[2]); medians")
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
  }
}
