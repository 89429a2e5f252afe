internal import SpudErrors
internal import SpudTensors
internal import SpudTokens

extension SessionState {
  /// Raised when a conversation is written in another way.
  private static let version: UInt8 = 1

  /// As bytes, which `init(bytes:)` reads: numbers little-endian, counts before what has them.
  package var bytes: [UInt8] {
    var bytes = [Self.version]
    func put(_ count: Int) { bytes += [UInt32(clamping: count)].littleEndianBytes }
    func put(_ text: String) {
      put(text.utf8.count)
      bytes += text.utf8
    }
    put(ids.count)
    bytes += ids.littleEndianBytes
    bytes += written.littleEndianBytes
    put(turns.count)
    for turn in turns {
      put(turn.role.rawValue)
      put(turn.parts.count)
      for part in turn.parts {
        let (kind, texts) = Self.texts(of: part)
        bytes.append(kind)
        for text in texts { put(text) }
      }
    }
    put(lastPrompt == nil ? 0 : 1)
    if let lastPrompt {
      put(lastPrompt.bytes.count)
      bytes += lastPrompt.bytes
      put(lastPrompt.written.count)
      for range in lastPrompt.written {
        put(range.lowerBound)
        put(range.upperBound)
      }
      put(lastPrompt.promptCount)
      put(lastPrompt.answerCount)
    }
    return bytes
  }

  private static func texts(of part: Part) -> (UInt8, [String]) {
    switch part {
    case .text(let words): (0, [words])
    case .thought(let words): (1, [words])
    case .medium(let words): (2, [words])
    case .call(let call): (3, [call.id, call.name, call.arguments])
    case .result(let result): (result.name == nil ? 4 : 5, [result.id, result.name ?? "", result.text])
    }
  }

  /// - Throws: `SpudError` (`badData`) when the bytes are no conversation.
  package init(bytes: [UInt8]) throws {
    var reader = Reader(bytes: bytes)
    let version = try reader.take(1).first
    guard version == Self.version else {
      throw SpudError(.badData, "a remembered conversation has version \(version ?? 0), expected \(Self.version)")
    }
    ids = try reader.numbers(try reader.count()).map { Int32(bitPattern: $0) }
    written = try reader.numbers((ids.count + 31) / 32)
    for _ in 0..<(try reader.count()) {
      let name = try reader.text()
      guard let role = Role(rawValue: name) else {
        throw SpudError(.badData, "a remembered conversation holds a turn of '\(name)'")
      }
      var turn = Turn(role: role, parts: [])
      for _ in 0..<(try reader.count()) { turn.parts.append(try reader.part()) }
      turns.append(turn)
    }
    if try reader.count() > 0 {
      let text = Array(try reader.take(try reader.count()))
      var stretches: [Range<Int>] = []
      for _ in 0..<(try reader.count()) {
        let (start, end) = (try reader.count(), try reader.count())
        guard start <= end, end <= text.count, stretches.last?.upperBound ?? 0 <= start else {
          throw SpudError(.badData, "a remembered conversation's text has \(text.count) bytes, not \(start)…\(end)")
        }
        stretches.append(start..<end)
      }
      let last = LastPrompt(
        bytes: text, written: stretches, promptCount: try reader.count(), answerCount: try reader.count())
      guard last.promptCount + last.answerCount <= ids.count else {
        throw SpudError(.badData, "a remembered conversation has \(ids.count) ids, fewer than its last answer needs")
      }
      lastPrompt = last
    }
  }

  /// Reads what `bytes` wrote; nothing is allocated before the bytes for it are there.
  private struct Reader {
    let bytes: [UInt8]
    var place = 0

    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard count >= 0, count <= bytes.count - place else {
        throw SpudError(.badData, "a remembered conversation ends at byte \(bytes.count), expected \(count) more")
      }
      defer { place += count }
      return bytes[place..<place + count]
    }

    mutating func numbers(_ count: Int) throws -> [UInt32] {
      let raw = try take(4 * count)
      return stride(from: raw.startIndex, to: raw.endIndex, by: 4).map { start in
        raw[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
      }
    }

    mutating func count() throws -> Int { Int(try numbers(1)[0]) }

    mutating func text() throws -> String {
      guard let text = String(validating: try take(try count()), as: UTF8.self) else {
        throw SpudError(.badData, "a remembered conversation holds text that is not UTF-8")
      }
      return text
    }

    mutating func part() throws -> Part {
      let kind = try take(1).first ?? 0
      switch kind {
      case 0: return .text(try text())
      case 1: return .thought(try text())
      case 2: return .medium(try text())
      case 3: return .call(ToolCall(id: try text(), name: try text(), arguments: try text()))
      case 4, 5:
        let (id, name) = (try text(), try text())
        return .result(ToolResult(id: id, name: kind == 5 ? name : nil, text: try text()))
      default: throw SpudError(.badData, "a remembered conversation holds a part of kind \(kind)")
      }
    }
  }
}
