internal import SpudErrors
package import SpudMedia
internal import Synchronization

/// The decoded files of the request at hand: a file that is named several times is decoded once.
package final class MediaStore: Sendable {
  private struct Contents {
    var images: [String: RGBImage] = [:]
    var sounds: [String: Waveform] = [:]
    var films: [String: VideoClip] = [:]
  }

  private let contents = Mutex(Contents())
  private let limits: MediaLimits

  package init(limits: MediaLimits = .default) { self.limits = limits }

  /// Forgets everything, so that the next request pays for its own decoding.
  package func forget() {
    contents.withLock { $0 = Contents() }
  }

  package func image(at path: String) throws -> RGBImage {
    if let image = contents.withLock({ $0.images[path] }) { return image }
    let image = try RGBImage.load(path: path, limits: limits)
    contents.withLock { $0.images[path] = image }
    return image
  }

  package func sound(at path: String) throws -> Waveform {
    if let sound = contents.withLock({ $0.sounds[path] }) { return sound }
    let sound = try Waveform.load(path: path, limits: limits)
    contents.withLock { $0.sounds[path] = sound }
    return sound
  }

  package func film(at path: String) throws -> VideoClip {
    if let film = contents.withLock({ $0.films[path] }) { return film }
    let film = try VideoClip.load(path: path, limits: limits)
    contents.withLock { $0.films[path] = film }
    return film
  }

  /// The frame `number`, counted from 1, of the video at `path`.
  package func frame(_ number: Int, ofFilmAt path: String) throws -> RGBImage {
    let film = try film(at: path)
    guard film.frames.indices.contains(number - 1) else {
      throw SpudError(.badData, "\(path) has \(film.frames.count) frames; frame \(number) was asked for")
    }
    return film.frames[number - 1]
  }

  /// Turns with their media in memory.
  ///
  /// - Throws: `SpudError` when a file cannot be read, or a film has no such frame or no sound.
  package func load(_ turns: [PromptTurn]) throws -> [StreamTurn] {
    try turns.map { StreamTurn($0.role, try $0.parts.map(load)) }
  }

  /// A part of a prompt with its medium in memory.
  ///
  /// - Throws: `SpudError` when a file cannot be read, or a video has no such frame or no sound.
  package func load(_ part: PromptPart) throws -> StreamPart {
    switch part {
    case .text(let text): return .text(text)
    case .thought(let text): return .thought(text)
    case .image(let path): return .image(try image(at: path))
    case .audio(let path): return .audio(try sound(at: path))
    case .video(let path): return .video(try film(at: path))
    case .frame(let path, let number): return .image(try frame(number, ofFilmAt: path))
    case .soundtrack(let path):
      guard let sound = try film(at: path).audio else { throw SpudError(.badData, "\(path) has no sound") }
      return .audio(sound)
    }
  }
}
