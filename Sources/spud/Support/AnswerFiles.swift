internal import Foundation
internal import SpudErrors
internal import SpudInference
internal import SpudMedia

/// Where the pictures and sounds of an answer go, and what becomes of those that go nowhere.
final class AnswerFiles {
  /// A kind of medium that has files of its own.
  enum Kind: String, CaseIterable {
    case image = "png"
    case audio = "wav"

    func counted(_ count: Int) -> String {
      let noun = self == .image ? "picture" : "sound"
      return count == 1 ? "a \(noun)" : "\(count) \(noun)s"
    }
  }

  /// What `-o` says.
  private enum Target {
    /// Nothing is written.
    case none
    /// Standard output, for the first medium.
    case output
    /// One file, for the first medium of this kind.
    case file(String, Kind)
    /// A file for each medium of these kinds, numbered from 1.
    case pattern(FilePattern, [Kind])
  }

  /// The files written, in order.
  private(set) var written: [String] = []
  private let target: Target
  /// Media of each kind that the answer held, and those of them that were not written.
  private var counts: [Kind: Int] = [:]
  private var unwritten: [Kind: Int] = [:]

  /// - Parameters:
  ///   - path: What `-o` says: a file, a pattern such as `frame-%d.png`, `-` for standard output, or nil.
  ///   - output: What `--output` says: a picture or a sound that is asked for goes to `answer.png` or `answer.wav`
  ///     where no file is named.
  /// - Throws: `SpudError` before anything is computed, if the file could not be written in the end.
  init(path: String?, expecting output: GenerationOptions.Output?) throws {
    try Terminal.checkBinary(path)
    let wanted: [Kind] =
      switch output {
      case .image: [.image]
      case .audio: [.audio]
      case .text, nil: Kind.allCases
      }
    guard let path else {
      target = output == nil || output == .text ? .none : .file("answer.\(wanted[0].rawValue)", wanted[0])
      return
    }
    guard path != "-" else {
      target = .output
      return
    }
    if FilePattern(path) == nil, path.contains(/%\d*[A-Za-z]/) {
      throw SpudError(
        .usage, "-o is '\(path)', but a pattern has one place for a number, %d or, for three digits, %03d")
    }
    let kinds = Kind.allCases.filter { $0.rawValue == URL(filePath: path).pathExtension.lowercased() }
    if let pattern = FilePattern(path), kinds.isEmpty, URL(filePath: path).pathExtension.isEmpty {
      target = .pattern(pattern, wanted)
    } else {
      guard let kind = kinds.first, wanted.contains(kind) else {
        throw SpudError(
          .usage,
          "\(path): pictures are written as PNG and sound as WAV, so the file's name must end in "
            + wanted.map { ".\($0.rawValue)" }.joined(separator: " or "))
      }
      target = FilePattern(path).map { .pattern($0, [kind]) } ?? .file(path, kind)
    }
    try Self.checkWritable(path)
  }

  private static func checkWritable(_ path: String) throws {
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

  /// Writes a picture where `-o` has it go.
  ///
  /// - Returns: The file written; nil when this one is not to be kept.
  @discardableResult
  func write(_ image: RGBImage) throws -> String? {
    try write(.image, bytes: { try image.pngData() }, file: { try image.writePNG(to: $0) })
  }

  /// Writes a sound where `-o` has it go.
  @discardableResult
  func write(_ sound: Waveform) throws -> String? {
    try write(.audio, bytes: { try sound.wavData() }, file: { try sound.writeWAV(to: $0) })
  }

  private func write(_ kind: Kind, bytes: () throws -> [UInt8], file: (String) throws -> Void) throws -> String? {
    counts[kind, default: 0] += 1
    guard let name = name(of: kind, number: counts[kind] ?? 1) else {
      unwritten[kind, default: 0] += 1
      return nil
    }
    if name == "-" { try Terminal.write(bytes: try bytes()) } else { try file(name) }
    written.append(name)
    return name
  }

  private func name(of kind: Kind, number: Int) -> String? {
    switch target {
    case .none: nil
    case .output: written.isEmpty ? "-" : nil
    case .file(let path, let wanted): kind == wanted && number == 1 ? path : nil
    case .pattern(let pattern, let kinds):
      kinds.contains(kind) ? pattern.name(number, ending: kind.rawValue) : nil
    }
  }

  /// What is to be said of media that were not written, and of files that were asked for and not written; in sentences.
  var remarks: [String] {
    var remarks: [String] = []
    let left = Kind.allCases.filter { unwritten[$0] != nil }
    if !left.isEmpty {
      let media = left.map { kind in
        let isMore = (counts[kind] ?? 0) > (unwritten[kind] ?? 0)
        let counted = kind.counted(unwritten[kind] ?? 0)
        return isMore ? counted.replacing("a ", with: "another ", maxReplacements: 1) : counted
      }
      let many = unwritten.values.reduce(0, +) > 1
      remarks.append(
        "the answer holds \(media.joined(separator: " and ")) that \(many ? "were" : "was") not saved: "
          + left.map(advice).joined(separator: ", "))
    }
    if case .file(let path, let kind) = target, counts[kind] == nil {
      remarks.append("the answer holds no \(kind == .image ? "picture" : "sound"), so \(path) was not written")
    } else if case .pattern = target, written.isEmpty, left.isEmpty {
      remarks.append("the answer holds nothing to save, so no file was written")
    } else if case .output = target, counts.isEmpty {
      remarks.append("the answer holds no picture and no sound, so nothing was written to standard output")
    }
    return remarks
  }

  private func advice(_ kind: Kind) -> String {
    (counts[kind] ?? 1) == 1
      ? "-o answer.\(kind.rawValue) saves it"
      : "-o 'answer-%d.\(kind.rawValue)' saves every \(kind.counted(1).dropFirst(2))"
  }
}

/// A file's name with a place for a number: `frame-%d.png`, or `frame-%03d.png` for three digits.
struct FilePattern: Equatable {
  private let before: String
  private let after: String
  private let digits: Int

  /// - Returns: Nil for a name without exactly one such place.
  init?(_ path: String) {
    let found = path.matches(of: /%(?:0([1-9]))?d/)
    guard found.count == 1, let place = found.first else { return nil }
    before = String(path[..<place.range.lowerBound])
    after = String(path[place.range.upperBound...])
    digits = place.output.1.flatMap { Int($0) } ?? 1
  }

  /// The name of the file with this number, with the ending of its kind where the pattern has none.
  func name(_ number: Int, ending: String) -> String {
    let text = String(number)
    let name = before + String(repeating: "0", count: max(0, digits - text.count)) + text + after
    return URL(filePath: name).pathExtension.isEmpty ? "\(name).\(ending)" : name
  }
}
