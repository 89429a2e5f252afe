internal import Foundation
internal import SpudErrors
internal import SpudMedia
public import SpudTokens

/// What a model was trained on, as the file `domain.json` in its directory says: sizes, lengths, words, prompts.
///
/// A small model gives a confident wrong answer to anything else. With this file, whoever asks can be told.
public struct Domain: Sendable, Equatable {
  /// A picture's size in pixels.
  struct Size: Sendable, Equatable {
    var width: Int
    var height: Int
  }

  /// The file's name in a model's directory.
  static let file = "domain.json"

  /// Sizes of the pictures that the model reads; empty where it reads none.
  var imageSizes: [Size] = []
  /// Seconds that a recording may last; nil where the model hears none.
  var soundSeconds: ClosedRange<Double>?
  /// Sizes of the frames of a film; empty where the model watches none.
  var videoSizes: [Size] = []
  /// Frames that a film may have.
  var videoFrames: ClosedRange<Int>?
  /// Every word of the prompts.
  var words: Set<String> = []
  /// The prompts, by the media that precede them; nil where the file lists none.
  var prompts: [[PartKind]: [PromptPattern]]?
  /// Other spellings of words, such as `color` for `colour`.
  var spellings: [String: String] = [:]

  /// Reads the `domain.json` of a model's directory.
  ///
  /// - Returns: Nil where there is no such file.
  /// - Throws: `SpudError` (`badData`) naming what is wrong in it.
  static func load(directory: String) throws -> Domain? {
    let path = directory + "/" + file
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try DomainFile.read(path)
  }

  /// What of a turn lies outside what the model was trained on, in one sentence; nil where nothing does.
  ///
  /// - Parameters:
  ///   - parts: Of the turn.
  ///   - model: The model's name, for the sentence.
  public func departures(of parts: [StreamPart], model: String) -> String? {
    let found = media(parts) + prompt(parts)
    guard !found.isEmpty else { return nil }
    return "outside what \(model) was trained on, so the answer may mean nothing: \(found.joined(separator: "; "))"
  }
}

extension Domain {
  private func media(_ parts: [StreamPart]) -> [String] {
    var found: [String] = []
    for part in parts {
      switch part {
      case .image(let image):
        let size = Size(width: image.width, height: image.height)
        if !imageSizes.contains(size) { found.append(Self.told(size, of: "picture", known: imageSizes)) }
      case .audio(let sound): found += seconds(sound.duration)
      case .video(let clip):
        let sizes = clip.frames.map { Size(width: $0.width, height: $0.height) }
        if let size = sizes.first(where: { !videoSizes.contains($0) }) {
          found.append(Self.told(size, of: "video", known: videoSizes))
        }
        if let videoFrames, !videoFrames.contains(clip.frames.count) {
          found.append(
            "a video of \(clip.frames.count) frames (it knows \(videoFrames.lowerBound) to \(videoFrames.upperBound))")
        }
      case .text, .thought, .call, .result: break
      }
    }
    return found
  }

  private static func told(_ size: Size, of kind: String, known: [Size]) -> String {
    guard !known.isEmpty else { return "a \(kind) (it knows none)" }
    let sizes = known.map { "\($0.width)×\($0.height)" }.joined(separator: " or ")
    return "a \(kind) of \(size.width)×\(size.height) pixels (it knows \(sizes))"
  }

  private func seconds(_ duration: Double) -> [String] {
    guard let soundSeconds else { return ["a sound (it knows none)"] }
    guard !soundSeconds.contains(duration) else { return [] }
    func short(_ seconds: Double) -> String { String(format: "%.1f", seconds) }
    return [
      "a sound of \(short(duration)) seconds (it knows \(short(soundSeconds.lowerBound)) to "
        + "\(short(soundSeconds.upperBound)))"
    ]
  }

  private func prompt(_ parts: [StreamPart]) -> [String] {
    let media = parts.map(\.kind).filter { [.image, .audio, .video].contains($0) }
    let text = parts.reduce(into: "") { text, part in
      if case .text(let words) = part { text += words }
    }
    let asked = words(of: text)
    guard let prompts else {
      let unknown = asked.filter { !words.contains($0) }
      return unknown.isEmpty ? [] : [Self.told(unknown: unknown)]
    }
    guard let patterns = prompts[media] else {
      let kinds = prompts.keys.map { $0.isEmpty ? "text alone" : $0.map(\.rawValue).joined(separator: " + ") }.sorted()
      let given = media.isEmpty ? "text alone" : media.map(\.rawValue).joined(separator: " + ")
      return ["a prompt of \(given) (it knows \(kinds.joined(separator: ", ")))"]
    }
    guard !patterns.contains(where: { $0.matches(asked) }) else { return [] }
    let unknown = asked.filter { !words.contains($0) && Int($0) == nil }
    let nearest = patterns.map { $0.likeness(to: asked) }.max { $0.score < $1.score }
    let known = nearest.map { $0.isNear ? "try “\($0.prompt)”" : "it knows prompts such as “\($0.prompt)”" }
    let found = unknown.isEmpty ? "a prompt of this form" : Self.told(unknown: unknown)
    return [found + (known.map { " (\($0))" } ?? "")]
  }

  private static func told(unknown: [String]) -> String {
    // Marks are told only where there is nothing else to tell.
    let wordsProper = unknown.filter { $0.contains { $0.isLetter || $0.isNumber } }
    let named = wordsProper.isEmpty ? unknown : wordsProper
    let shown = named.prefix(3).map { "“\($0.prefix(30))”" }.joined(separator: ", ")
    let rest = named.count > 3 ? " and \(named.count - 3) more" : ""
    return "the word\(named.count == 1 ? "" : "s") \(shown)\(rest)"
  }

  /// The words of a prompt, each mark a word of its own, without the mark at its end, in the usual spelling.
  func words(of text: String) -> [String] {
    var words = PromptPattern.words(of: text)
    if let last = words.last, ["?", "."].contains(last) { words.removeLast() }
    return words.map { spellings[$0] ?? $0 }
  }
}
