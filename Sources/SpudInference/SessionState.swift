internal import SpudErrors
internal import SpudMedia
internal import SpudTensors
internal import SpudTokens

/// A conversation without its model: what has to be kept for it to go on elsewhere.
package struct SessionState: Sendable, Equatable {
  /// One turn as a person reads it again.
  package struct Turn: Sendable, Equatable {
    package var isUser: Bool
    /// Words and thoughts as they are; what media there were.
    package var parts: [Part]
  }

  package enum Part: Sendable, Equatable {
    case text(String)
    case thought(String)
    /// A medium, described.
    case medium(String)
  }

  /// The ids so far. A unified model goes on behind them; a text-only model reads its turns anew, and finds these again
  /// as far as they are the same.
  package var ids: [Int32] = []
  /// For each whole block of 32 ids, bit i is set where its id i was written.
  package var written: [UInt32] = []
  package var turns: [Turn] = []

  package init() {}

  package var tokenCount: Int { ids.count }

  static func turn(_ turn: StreamTurn) -> Turn {
    Turn(
      isUser: turn.role == .user,
      parts: turn.parts.map { part in
        switch part {
        case .text(let words): .text(words)
        case .thought(let words): .thought(words)
        case .image(let image): .medium("a picture of \(image.width) × \(image.height)")
        case .audio(let sound): .medium("a sound of \(Self.seconds(sound.samples.count, sound.sampleRate)) s")
        case .video(let clip): .medium("a video of \(clip.frames.count) frames")
        }
      })
  }

  private static func seconds(_ samples: Int, _ rate: Int) -> String {
    let tenths = (samples * 10 + rate / 2) / max(rate, 1)
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// The turns as a text-only model reads them.
  var streamTurns: [StreamTurn] {
    turns.map { turn in
      StreamTurn(
        turn.isUser ? .user : .assistant,
        turn.parts.map { part in
          switch part {
          case .text(let words), .medium(let words): .text(words)
          case .thought(let words): .thought(words)
          }
        })
    }
  }

  // MARK: Bytes

  private static let version: UInt8 = 1

  /// As bytes, which `init(bytes:)` reads.
  package var bytes: [UInt8] {
    var bytes = [Self.version]
    func put(_ count: Int) { bytes += [UInt32(clamping: count)].littleEndianBytes }
    put(ids.count)
    bytes += ids.littleEndianBytes
    put(written.count)
    bytes += written.littleEndianBytes
    put(turns.count)
    for turn in turns {
      bytes.append(turn.isUser ? 0 : 1)
      put(turn.parts.count)
      for part in turn.parts {
        let (kind, words): (UInt8, String) =
          switch part {
          case .text(let words): (0, words)
          case .thought(let words): (1, words)
          case .medium(let words): (2, words)
          }
        bytes.append(kind)
        put(words.utf8.count)
        bytes += words.utf8
      }
    }
    return bytes
  }

  /// - Throws: `SpudError` (`badData`) when the bytes are no conversation.
  package init(bytes: [UInt8]) throws {
    var place = 0
    func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard count >= 0, count <= bytes.count - place else {
        throw SpudError(.badData, "a remembered conversation ends at byte \(bytes.count), expected \(count) more")
      }
      defer { place += count }
      return bytes[place..<place + count]
    }
    func number() throws -> UInt32 { try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) } }
    let version = try take(1).first
    guard version == Self.version else {
      throw SpudError(.badData, "a remembered conversation has version \(version ?? 0), expected \(Self.version)")
    }
    let raw = try take(4 * Int(try number()))
    ids = stride(from: raw.startIndex, to: raw.endIndex, by: 4).map { start in
      Int32(bitPattern: raw[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
    for _ in 0..<(try number()) { written.append(try number()) }
    for _ in 0..<(try number()) {
      let isUser = try take(1).first == 0
      var parts: [Part] = []
      for _ in 0..<(try number()) {
        let kind = try take(1).first
        let words = String(decoding: try take(Int(try number())), as: UTF8.self)
        switch kind {
        case 0: parts.append(.text(words))
        case 1: parts.append(.thought(words))
        case 2: parts.append(.medium(words))
        default: throw SpudError(.badData, "a remembered conversation holds a part of kind \(kind ?? 0)")
        }
      }
      turns.append(Turn(isUser: isUser, parts: parts))
    }
  }
}
