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
    var reader = StateReader(bytes: bytes)
    let version = try reader.take(1).first
    guard version == Self.version else {
      throw SpudError(.badData, "a remembered conversation has version \(version ?? 0), expected \(Self.version)")
    }
    ids = try reader.ids()
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
      let stretches = try reader.stretches(within: text.count)
      let last = LastPrompt(
        bytes: text, written: stretches, promptCount: try reader.count(), answerCount: try reader.count())
      guard last.promptCount + last.answerCount <= ids.count else {
        throw SpudError(.badData, "a remembered conversation has \(ids.count) ids, fewer than its last answer needs")
      }
      lastPrompt = last
    }
  }
}

extension StateReader {
  fileprivate mutating func part() throws -> SessionState.Part {
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
