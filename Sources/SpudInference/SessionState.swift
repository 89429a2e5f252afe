internal import SpudMedia
internal import SpudModels
package import SpudTokens

/// A conversation without its model: what has to be kept for it to go on elsewhere as if it had never stopped.
package struct SessionState: Sendable, Equatable {
  /// One turn as a person reads it again.
  package struct Turn: Sendable, Equatable {
    package var role: Role
    package var parts: [Part]

    var hasMedia: Bool { parts.contains { if case .medium = $0 { true } else { false } } }
  }

  package enum Part: Sendable, Equatable {
    case text(String)
    case thought(String)
    /// A medium, described.
    case medium(String)
    case call(ToolCall)
    case result(ToolResult)
  }

  /// What the last answer of a text-only model followed: its next prompt begins with these ids, whatever else its text
  /// could be spelled with.
  package struct LastPrompt: Sendable, Equatable {
    var bytes: [UInt8]
    /// Stretches that the template wrote.
    var written: [Range<Int>]
    /// Ids of the prompt.
    var promptCount: Int
    /// Ids of the answer, without the one that ended it.
    var answerCount: Int
  }

  /// The ids so far. A unified model goes on behind them.
  package var ids: [Int32] = []
  /// For each 32 ids, bit i is set where the id i of them was written.
  package var written: [UInt32] = []
  package var turns: [Turn] = []
  package var lastPrompt: LastPrompt?

  package init() {}

  package var tokenCount: Int { ids.count }

  mutating func setIDs(_ ids: [Int32], marks: [Mark]) {
    self.ids = ids
    written = stride(from: 0, to: marks.count, by: 32).map { start in
      var bits: UInt32 = 0
      for (bit, mark) in marks[start..<min(start + 32, marks.count)].enumerated() where mark == .written {
        bits |= 1 << bit
      }
      return bits
    }
  }

  func marks(_ range: Range<Int>) -> [Mark] {
    range.map { written[$0 / 32] & 1 << ($0 % 32) == 0 ? .read : .written }
  }

  static func turn(_ turn: StreamTurn) -> Turn {
    Turn(
      role: turn.role,
      parts: turn.parts.map { part in
        switch part {
        case .text(let words): .text(words)
        case .thought(let words): .thought(words)
        case .image(let image): .medium("a picture of \(image.width) × \(image.height)")
        case .audio(let sound): .medium("a sound of \(seconds(sound.samples.count, sound.sampleRate)) s")
        case .video(let clip): .medium("a video of \(clip.frames.count) frames")
        case .call(let call): .call(call)
        case .result(let result): .result(result)
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
        turn.role,
        turn.parts.map { part in
          switch part {
          case .text(let words), .medium(let words): .text(words)
          case .thought(let words): .thought(words)
          case .call(let call): .call(call)
          case .result(let result): .result(result)
          }
        })
    }
  }
}
