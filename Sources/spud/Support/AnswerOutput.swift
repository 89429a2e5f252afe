internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMedia

/// Where the pictures and sounds of an answer go.
final class AnswerFiles {
  /// The files written, in order.
  private(set) var written: [String] = []
  private let path: String?
  private var counts: [String: Int] = [:]

  /// - Parameters:
  ///   - path: What `-o` says; nil is `answer.png` and `answer.wav`, `-` is standard output.
  ///   - output: What the answer is known to be.
  /// - Throws: `SpudError` before anything is computed, if the file could not be written in the end.
  init(path: String?, expecting output: GenerationOptions.Output?) throws {
    self.path = path
    try Terminal.checkBinary(path)
    guard let path, path != "-" else { return }
    let wanted =
      switch output {
      case .image: ["png"]
      case .audio: ["wav"]
      case .text, nil: ["png", "wav"]
      }
    let found = URL(filePath: path).pathExtension.lowercased()
    guard wanted.contains(found) else {
      throw SpudError(
        .usage,
        "\(path): pictures are written as PNG and sound as WAV, so the file's name must end in "
          + wanted.map { "." + $0 }.joined(separator: " or "))
    }
    let directory = URL(filePath: path).deletingLastPathComponent().path
    guard Files.isDirectory(directory) else {
      throw SpudError(.io, "\(path): cannot be written, because there is no directory \(directory)")
    }
    guard FileManager.default.isWritableFile(atPath: directory) else {
      throw SpudError(.io, "\(path): cannot be written, because the directory \(directory) may not be written to")
    }
    if Files.isDirectory(path) {
      throw SpudError(.io, "\(path): cannot be written, because it is a directory")
    }
  }

  func write(_ image: RGBImage) throws {
    try write("png", bytes: { try image.pngData() }, file: { try image.writePNG(to: $0) })
  }

  func write(_ sound: Waveform) throws {
    try write("wav", bytes: { try sound.wavData() }, file: { try sound.writeWAV(to: $0) })
  }

  private func write(_ kind: String, bytes: () throws -> [UInt8], file: (String) throws -> Void) throws {
    if path == "-" {
      try Terminal.write(bytes: try bytes())
      written.append("-")
      return
    }
    let name = next(kind)
    try file(name)
    written.append(name)
  }

  /// The name given, with the ending of this kind; the second of a kind is `answer-2.png`, and so on.
  private func next(_ kind: String) -> String {
    let given = URL(filePath: path ?? "answer.\(kind)", relativeTo: nil)
    counts[kind, default: 0] += 1
    let count = counts[kind] ?? 1
    let stem = given.deletingPathExtension().relativePath
    return count == 1 ? "\(stem).\(kind)" : "\(stem)-\(count).\(kind)"
  }
}

/// Prints the pieces of an answer as they come, and keeps the whole.
final class AnswerPrinter {
  enum Words { case output, errors }

  /// The answer, once its last piece is there.
  private(set) var answer: Answer?
  private let streams: Bool
  private let words: Words
  private var isInLine = false
  private var isInThought = false

  /// - Parameters:
  ///   - streams: Whether to print at all.
  ///   - words: Where words go: to standard error when pictures go to standard output.
  init(streams: Bool, wordsTo words: Words) {
    self.streams = streams
    self.words = words
  }

  func print(_ piece: Piece, to files: AnswerFiles) throws {
    if case .thought(let text) = piece {
      // Thoughts are for who watches; they are no part of the answer.
      guard streams, Terminal.showsProgress else { return }
      isInThought = true
      return Terminal.write(toErrors: Terminal.faint(Terminal.withoutControls(text)))
    }
    if isInThought { Terminal.write(toErrors: "\n") }
    isInThought = false
    switch piece {
    case .text(let text): try show(text)
    case .thought: break
    case .image(let image): try announce(files) { try files.write(image) }
    case .audio(let sound): try announce(files) { try files.write(sound) }
    case .video(let clip):
      for frame in clip.frames { try announce(files) { try files.write(frame) } }
      if let sound = clip.audio { try announce(files) { try files.write(sound) } }
    case .finished(let answer): self.answer = answer
    }
  }

  /// Ends a line of words that has begun.
  func endLine() throws {
    guard isInLine else { return }
    isInLine = false
    try put("\n")
  }

  private func show(_ text: String) throws {
    guard streams else { return }
    try put(text)
    isInLine = !(text.last?.isNewline ?? !isInLine)
  }

  private func put(_ text: String) throws {
    switch words {
    case .output: try Terminal.write(Terminal.outputIsTerminal ? Terminal.withoutControls(text) : text)
    case .errors: Terminal.write(toErrors: Terminal.withoutControls(text))
    }
  }

  /// Writes a file and names it on standard error.
  private func announce(_ files: AnswerFiles, _ write: () throws -> Void) throws {
    try write()
    guard streams, let name = files.written.last, name != "-" else { return }
    try endLine()
    Terminal.report("wrote \(name)")
  }
}
