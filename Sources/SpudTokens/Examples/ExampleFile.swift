internal import Foundation
public import SpudErrors
public import SpudMedia
internal import SpudSupport

/// A file of examples: JSON Lines, one example per line, media beside it.
public struct ExampleFile: Sendable {
  public let path: String
  private let bytes: Data
  private let lines: [Range<Int>]
  private let numbers: [Int]  // the line number of each example, for errors

  /// The most bytes that one line may have.
  private static let lineLimit = 16 << 20

  /// - Throws: `.noInput` when the file cannot be opened, `.badData` when a line is too long.
  public init(path: String) throws(SpudError) {
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
      throw SpudError(.noInput, "\(path): cannot be opened, expected a file of examples")
    }
    self.path = path
    self.bytes = bytes
    (lines, numbers) = Self.split(bytes)
    if let long = lines.indices.first(where: { lines[$0].count > Self.lineLimit }) {
      throw SpudError(
        .badData,
        "\(path):\(numbers[long]): the line has \(lines[long].count) bytes, expected at most \(Self.lineLimit)")
    }
  }

  public var count: Int { lines.count }

  /// Parses the example at `index`, counted from 0.
  public func example(at index: Int) throws -> Example {
    let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : ""
    return try Example(
      line: [UInt8](bytes[lines[index]]), folder: path.hasPrefix("/") && folder.isEmpty ? "/" : folder,
      name: place(of: index))
  }

  /// The file and line of the example at `index`.
  package func place(of index: Int) -> String { "\(path):\(numbers[index])" }

  /// `error` with the file and line of the example at `index` in front, unless it is there already.
  func located(_ error: any Error, at index: Int) -> SpudError {
    let place = place(of: index)
    guard let error = error as? SpudError else { return SpudError(.internal, "\(place): \(error)") }
    return error.message.hasPrefix(place) ? error : SpudError(error.code, "\(place): \(error.message)")
  }

  private static func split(_ bytes: Data) -> (lines: [Range<Int>], numbers: [Int]) {
    var lines: [Range<Int>] = []
    var numbers: [Int] = []
    var start = bytes.startIndex
    var number = 1
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      if bytes[start..<end].contains(where: { $0 > UInt8(ascii: " ") }) {
        lines.append(start..<end)
        numbers.append(number)
      }
      start = end < bytes.endIndex ? bytes.index(after: end) : end
      number += 1
    }
    return (lines, numbers)
  }
}

/// The media that files of examples name, each once, in a seeded random order: what codebooks are fitted to.
public struct ExampleMedia: Sendable {
  public private(set) var pictures: [PromptPart] = []
  public private(set) var sounds: [PromptPart] = []

  /// - Parameters:
  ///   - files: paths of files of examples.
  ///   - seed: of the order.
  public init(files: [String], seed: UInt64) throws {
    var seen: Set<String> = []
    for file in files {
      let file = try ExampleFile(path: file)
      for index in 0..<file.count {
        for part in try file.example(at: index).turns.flatMap(\.parts) {
          switch part {
          case .text, .thought, .frame, .soundtrack: continue
          case .image(let path): if seen.insert(path).inserted { pictures.append(part) }
          case .audio(let path): if seen.insert(path).inserted { sounds.append(part) }
          case .video(let path):
            guard seen.insert(path).inserted else { continue }
            pictures.append(part)
            sounds.append(part)
          }
        }
      }
    }
    var generator = SeededGenerator(seed: seed)
    pictures.shuffle(using: &generator)
    sounds.shuffle(using: &generator)
  }

  /// The pictures that a part holds: one, or a video's frames at the size at which they are coded in patches of
  /// `patch`.
  public static func pictures(of part: PromptPart, patch: Int) throws -> [RGBImage] {
    switch part {
    case .image(let path): [try RGBImage.load(path: path)]
    case .video(let path): try VideoClip.load(path: path).frames.map { ImageCodec.frame($0, patch: patch) }
    case .text, .thought, .audio, .frame, .soundtrack: []
    }
  }

  /// The sound that a part holds, if it holds one.
  public static func sound(of part: PromptPart) throws -> Waveform? {
    switch part {
    case .audio(let path): try Waveform.load(path: path)
    case .video(let path): try VideoClip.load(path: path).audio
    case .text, .thought, .image, .frame, .soundtrack: nil
    }
  }
}
