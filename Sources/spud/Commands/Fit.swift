internal import ArgumentParser
internal import Foundation
internal import SpudErrors
internal import SpudMedia
internal import SpudTokens

/// `spud fit`: codebooks from examples.
struct Fit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fit the codebooks that turn pictures and sound into tokens.",
    discussion: """
      Examples:
        spud fit image --examples world/examples.jsonl -o model
        spud fit audio --examples world/examples.jsonl -o model --levels 2 --codes 1024
      """,
    subcommands: [FitImage.self, FitAudio.self])
}

/// What both kinds of codebook ask.
struct FitOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Files of examples (JSON Lines); their media are learned from.", valueName: "file"),
    completion: .file(extensions: ["jsonl"]))
  var examples: [String]

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("The directory that receives the codebook.", valueName: "dir"), completion: .directory)
  var output: String

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Entries of the codebook; of each level, where there are several.", valueName: "n"))
  var codes = 1024

  @Option(
    name: .long, parsing: .unconditional, help: ArgumentHelp("At most so many passes of k-means.", valueName: "n"))
  var iterations = 40

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("At most so many distinct patches or frames are learned from.", valueName: "n"))
  var limit = 150_000

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Pictures or recordings kept aside to measure on.", valueName: "n"))
  var held = 200

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("The same seed gives the same codebook. Default: 1.", valueName: "s"), transform: Seed.parse)
  var seed: UInt64 = 1

  func validate() throws {
    guard !examples.isEmpty else { throw ValidationError("--examples names no file.") }
    guard (2...65_536).contains(codes) else { throw ValidationError("--codes is \(codes), but must be 2 to 65536.") }
    guard (1...10_000).contains(iterations) else {
      throw ValidationError("--iterations is \(iterations), but must be 1 to 10000.")
    }
    guard (1...2_000_000).contains(limit) else {
      throw ValidationError("--limit is \(limit), but must be 1 to 2000000.")
    }
    guard held >= 0 else { throw ValidationError("--held is \(held), but must be 0 or more.") }
  }

  /// The path of `file` in the output directory, which is made if it is not there.
  func destination(_ file: String) throws -> String {
    do {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    } catch {
      throw SpudError(.io, "\(output): the directory could not be made")
    }
    return output.hasSuffix("/") ? output + file : output + "/" + file
  }

  /// The parts to measure on, and those to learn from.
  func split(_ parts: [PromptPart]) -> (held: ArraySlice<PromptPart>, learned: ArraySlice<PromptPart>) {
    let count = min(held, parts.count / 10)
    return (parts.prefix(count), parts.dropFirst(count))
  }

  func report(_ line: String) { if Terminal.showsProgress { Terminal.report(Terminal.faint(line)) } }
}

/// What a fit says about itself.
private struct FitReport: Encodable {
  var file: String
  var levels: Int
  var codes: Int
  /// Peak signal-to-noise ratio of pictures kept aside, in decibels.
  var psnrDb: Double?
  /// Log-spectral distance of recordings kept aside, in decibels.
  var logSpectralDistanceDb: Double?
  var measuredOn: Int
  var seconds: Double

  func show(json: Bool) throws {
    if json { return try JSONOutput.print(self) }
    var line = "\(file): \(levels) × \(codes) codes in \(Int(seconds.rounded())) s"
    if let psnrDb { line += String(format: "; PSNR %.2f dB on \(measuredOn) pictures kept aside", psnrDb) }
    if let logSpectralDistanceDb {
      line += String(
        format: "; log-spectral distance %.2f dB on \(measuredOn) recordings kept aside", logSpectralDistanceDb)
    }
    try Terminal.writeLine(line)
  }
}

struct FitImage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image",
    abstract: "Fit image_codec.safetensors: square patches of pixels, by principal components and k-means.",
    discussion: """
      Examples:
        spud fit image --examples world/examples.jsonl -o model
      """)

  @OptionGroup var options: FitOptions
  @OptionGroup var json: JSONOptions

  @Option(name: .long, parsing: .unconditional, help: ArgumentHelp("The side of a patch.", valueName: "pixels"))
  var patch = 8

  func validate() throws {
    guard (2...32).contains(patch) else { throw ValidationError("--patch is \(patch), but must be 2 to 32.") }
  }

  func run() async throws {
    let start = ContinuousClock.now
    let media = try ExampleMedia(files: options.examples, seed: options.seed)
    let (held, learned) = options.split(media.pictures)
    var recipe = ImageCodec.Recipe()
    recipe.patch = patch
    recipe.codeCount = options.codes
    recipe.iterations = options.iterations
    recipe.seed = options.seed
    recipe.patchLimit = options.limit
    let codec = try ImageCodec.fit(recipe: recipe, progress: options.report) { use throws in
      for part in learned {
        for picture in try ExampleMedia.pictures(of: part, patch: patch) where !use(picture) { return }
      }
    }
    let file = try options.destination(StreamTokenizer.File.image)
    try codec.write(to: file)
    let pictures = try held.flatMap { try ExampleMedia.pictures(of: $0, patch: patch) }
    let ratio = pictures.isEmpty ? nil : try codec.peakSignalToNoise(over: pictures)
    try FitReport(
      file: file, levels: 1, codes: options.codes, psnrDb: ratio, measuredOn: pictures.count,
      seconds: start.duration(to: .now) / .seconds(1)
    ).show(json: json.json)
  }
}

struct FitAudio: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audio",
    abstract: "Fit audio_codec.safetensors: frames of 40 ms of log-mel, by principal components and residual k-means.",
    discussion: """
      Examples:
        spud fit audio --examples world/examples.jsonl -o model --levels 2 --codes 1024
      """)

  @OptionGroup var options: FitOptions
  @OptionGroup var json: JSONOptions

  @Option(
    name: .long, parsing: .unconditional, help: ArgumentHelp("Residual levels: codes in a frame.", valueName: "n"))
  var levels = 2

  func validate() throws {
    guard (1...16).contains(levels) else { throw ValidationError("--levels is \(levels), but must be 1 to 16.") }
  }

  func run() async throws {
    let start = ContinuousClock.now
    let media = try ExampleMedia(files: options.examples, seed: options.seed)
    let (held, learned) = options.split(media.sounds)
    var recipe = AudioCodec.Recipe()
    recipe.levels = levels
    recipe.codesPerLevel = options.codes
    recipe.iterations = options.iterations
    recipe.seed = options.seed
    recipe.frameLimit = options.limit
    let codec = try AudioCodec.fit(recipe: recipe, progress: options.report) { use throws in
      for part in learned {
        if let sound = try ExampleMedia.sound(of: part), try !use(sound) { return }
      }
    }
    let file = try options.destination(StreamTokenizer.File.audio)
    try codec.write(to: file)
    let sounds = try held.compactMap { try ExampleMedia.sound(of: $0) }
    let distance = sounds.isEmpty ? nil : try codec.logSpectralDistance(over: sounds)
    try FitReport(
      file: file, levels: levels, codes: options.codes, logSpectralDistanceDb: distance, measuredOn: sounds.count,
      seconds: start.duration(to: .now) / .seconds(1)
    ).show(json: json.json)
  }
}
