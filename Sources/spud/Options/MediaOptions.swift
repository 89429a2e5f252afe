internal import ArgumentParser
internal import SpudErrors
internal import SpudSupport
internal import SpudMedia
internal import SpudTokens
internal import Synchronization

/// A media file named on the command line, with its place among all of them.
///
/// ArgumentParser collects each flag's values apart, which loses the order of `--image a --audio b --image c`.
/// It does parse the arguments from left to right, so numbering them as they are parsed recovers it.
struct MediaArgument: ExpressibleByArgument {
  let path: String
  let place: Int

  private static let count = Atomic(0)

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    path = argument
    place = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
  }

  static var defaultCompletionKind: CompletionKind { .file() }
}

/// A kind of medium that a prompt can hold.
enum MediaKind: String, Sendable {
  case image, audio, video
}

/// `--image`, `--audio`, `--video`: media that come before the prompt, in the order of the flags.
struct MediaOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("A picture (PNG, JPEG, …). May be repeated.", valueName: "file"))
  var image: [MediaArgument] = []

  @Option(name: .long, help: ArgumentHelp("A recording (WAV, FLAC, OGG, MP3, …). May be repeated.", valueName: "file"))
  var audio: [MediaArgument] = []

  @Option(
    name: .long,
    help: ArgumentHelp("A video file, or a directory of PNG frames with audio.wav. May be repeated.", valueName: "file")
  )
  var video: [MediaArgument] = []

  /// Every medium, in the order in which the command line names them.
  var inOrder: [(kind: MediaKind, path: String)] {
    let all = image.map { (MediaKind.image, $0) } + audio.map { (.audio, $0) } + video.map { (.video, $0) }
    return all.sorted { $0.1.place < $1.1.place }.map { (kind: $0.0, path: $0.1.path) }
  }

  /// The user's turn: every medium in the order of the flags, then the prompt.
  ///
  /// - Parameters:
  ///   - prompt: As the command line has it: nil for none, `-` for standard input, whose last newline, with which a
  ///     file or `echo` ends, is no part of the prompt.
  ///   - remarks: Gains a sentence for each file that could be read only in part; each is told on standard error too.
  /// - Throws: `SpudError` when a file cannot be read, or when there is nothing at all.
  func parts(prompt: String?, remarks: inout [String]) throws -> [StreamPart] {
    var parts: [StreamPart] = []
    for medium in inOrder {
      switch medium.kind {
      case .image: parts.append(.image(try RGBImage.load(path: medium.path, remarks: &remarks)))
      case .audio: parts.append(.audio(try Waveform.load(path: medium.path, remarks: &remarks)))
      case .video: parts.append(.video(try VideoClip.load(path: medium.path, remarks: &remarks)))
      }
    }
    for remark in remarks { Terminal.remark(TerminalText.withoutControls(remark)) }
    if prompt == "-" {
      parts.append(.text(try Files.text("-")))
    } else if let prompt {
      parts.append(.text(prompt))
    }
    guard !parts.isEmpty else {
      throw SpudError(.usage, "there is nothing to read: give a prompt, --image, --audio or --video")
    }
    return parts
  }
}
