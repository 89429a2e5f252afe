internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudTensors
internal import Synchronization

/// `spud logits`: what the model predicts after each position, for parity checks against other runtimes.
struct Logits: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the logits after each position of a sequence of ids.",
    discussion: """
      Without --json or --output, prints the five likeliest ids after each position, each with its logit. For \
      the closest comparison with another runtime, compute in float32: --kernels blas --cache f32.

      Examples:
        spud logits --ids 1,2,3
        spud logits -m model.gguf --ids 1,2,3 --json --kernels blas --cache f32
        spud tokenize "hello" --json | spud logits --ids -
        spud logits --ids 1,2,3 -o logits.safetensors
      """)

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Ids, with commas or spaces between, or what spud tokenize --json prints; - is standard input.", valueName: "ids")
  )
  var ids: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write the tensor logits [ids, vocabulary], F32, to this file instead; - is standard output.",
      valueName: "file.safetensors"))
  var output: String?

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Computing") var compute: ComputeOptions
  @OptionGroup var json: JSONOptions

  struct Report: Encodable {
    var logits: [[Float]]
  }

  struct FileReport: Encodable {
    var file: String
    var shape: [Int]
  }

  func validate() throws {
    if output == "-", json.json {
      throw ValidationError("-o - and --json both want standard output; name a file for one of them.")
    }
  }

  func run() async throws {
    try Terminal.checkBinary(output)
    let ids = try Detokenize.parse(ids == "-" ? String(decoding: try Terminal.readInput(), as: UTF8.self) : ids)
    let model = try await compute.load(self.model.resolved(), text: .none)
    if json.json || output != nil {
      let collected = Mutex<[[Float]]>([])
      try await model.logits(of: ids) { row in collected.withLock { $0.append(row) } }
      let rows = collected.withLock { $0 }
      guard let output else { return try JSONOutput.print(Report(logits: rows)) }
      var writer = SafetensorsWriter()
      let shape = [rows.count, rows.first?.count ?? 0]
      writer.add("logits", shape: shape, rows.flatMap { $0 })
      if output == "-" { return try Terminal.write(bytes: writer.bytes) }
      try writer.write(to: output)
      if json.json { try JSONOutput.print(FileReport(file: output, shape: shape)) }
      return
    }
    let position = Atomic(0)
    try await model.logits(of: ids) { row in
      let likeliest = Self.largest(5, of: row)
      let place = position.wrappingAdd(1, ordering: .relaxed).oldValue
      try Terminal.writeLine(
        "\(place)\t\(ids[place])\t" + likeliest.map { String(format: "%d:%.4f", $0, row[$0]) }.joined(separator: "\t"))
    }
  }

  /// Where the largest values are, in falling order, of equal ones the first first: one pass, for a vocabulary takes
  /// longer to sort than to read.
  private static func largest(_ count: Int, of values: [Float]) -> [Int] {
    var best: [Int] = []
    for index in values.indices where best.count < count || values[index] > values[best[count - 1]] {
      best.insert(index, at: best.firstIndex { values[index] > values[$0] } ?? best.endIndex)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}
