internal import ArgumentParser
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

/// `--image`, `--audio`, `--video`: media that stand before the prompt, in the order of the flags.
struct MediaOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("A picture (PNG, JPEG, …). May be repeated.", valueName: "file"))
  var image: [MediaArgument] = []

  @Option(name: .long, help: ArgumentHelp("A recording (WAV, FLAC, OGG, MP3, …). May be repeated.", valueName: "file"))
  var audio: [MediaArgument] = []

  @Option(
    name: .long,
    help: ArgumentHelp("A video file, or a directory of PNG frames with audio.wav. May be repeated.", valueName: "file"))
  var video: [MediaArgument] = []

  /// Every medium, in the order in which the command line names them.
  var inOrder: [(kind: MediaKind, path: String)] {
    let all = image.map { (MediaKind.image, $0) } + audio.map { (.audio, $0) } + video.map { (.video, $0) }
    return all.sorted { $0.1.place < $1.1.place }.map { (kind: $0.0, path: $0.1.path) }
  }
}
