/// Reads answers of gpt-oss: messages with a header, which names a channel and perhaps a recipient, and a body.
///
///     <|channel|>analysis<|message|>…<|end|><|start|>assistant to=functions.f<|channel|>commentary
///     json<|message|>{…}<|call|>
struct HarmonyReader: Sendable {
  private enum Mode: Sendable { case header, content, reasoning, arguments, between }

  private static let markers = [
    "<|message|>", "<|end|>", "<|call|>", "<|return|>", "<|start|>", "<|channel|>", "<|constrain|>",
  ]
  private static let headerLimit = 512

  private var mode = Mode.header
  private var scanner = MarkerScanner(markers)
  /// The header as it is spelled, and the recipient and channel in it.
  private var header: [UInt8] = []
  private var callCount = 0
  private var json = JSONScanner()
  private var isWhole = false

  mutating func push(_ byte: UInt8, into events: inout EventBuffer) {
    var text: [UInt8] = []
    let marker = scanner.push(byte, into: &text)
    pass(text, into: &events)
    guard let marker else { return }
    switch Self.markers[marker] {
    case "<|message|>" where mode == .header: beginBody(into: &events)
    case "<|channel|>" where mode == .header, "<|constrain|>" where mode == .header: header += scanner.markers[marker]
    case "<|start|>":
      endBody(into: &events)
      mode = .header
      header = scanner.markers[marker]
    case "<|end|>", "<|call|>", "<|return|>":
      endBody(into: &events)
      mode = .between
    default: pass(scanner.markers[marker], into: &events)
    }
  }

  mutating func finish(into events: inout EventBuffer) {
    var text: [UInt8] = []
    scanner.finish(into: &text)
    pass(text, into: &events)
    endBody(into: &events)
  }

  private mutating func pass(_ text: [UInt8], into events: inout EventBuffer) {
    for byte in text {
      switch mode {
      case .header:
        header.append(byte)
        // An answer may also begin without a header.
        if header.count > Self.headerLimit || !mayBeHeader {
          mode = .content
          events.content(header)
          header = []
        }
      case .content: events.content(CollectionOfOne(byte))
      case .reasoning: events.reasoning(CollectionOfOne(byte))
      case .arguments:
        if !isWhole || JSONScanner.isSpace(byte), json.push(byte) != .failed {
          if isWhole { break }
          events.arguments(CollectionOfOne(byte), of: callCount - 1)
          isWhole = json.state == .done
        } else {
          events.add(.callEnded(index: callCount - 1, isWhole: isWhole))
          mode = .content
          events.content(CollectionOfOne(byte))
        }
      case .between where JSONScanner.isSpace(byte): break
      case .between:
        mode = .content
        events.content(CollectionOfOne(byte))
      }
    }
  }

  /// A header begins with a marker, or with a recipient.
  private var mayBeHeader: Bool {
    let starts = ["<|start|>", "<|channel|>", " to=", "to="]
    return starts.contains { $0.utf8.starts(with: header) || header.starts(with: $0.utf8) }
  }

  private mutating func beginBody(into events: inout EventBuffer) {
    let text = String(decoding: header, as: UTF8.self)
    let recipient = Self.word(behind: "to=", in: text)
    let channel = Self.word(behind: "<|channel|>", in: text) ?? ""
    if let recipient, let name = recipient.split(separator: ".").last, recipient != "user" {
      events.add(.callStarted(index: callCount, name: String(name), id: nil))
      callCount += 1
      json = JSONScanner()
      isWhole = false
      mode = .arguments
    } else if channel == "analysis" {
      mode = .reasoning
    } else {
      mode = .content
    }
    header = []
  }

  private mutating func endBody(into events: inout EventBuffer) {
    switch mode {
    case .header: events.content(header)
    case .arguments: events.add(.callEnded(index: callCount - 1, isWhole: isWhole))
    case .content, .reasoning, .between: break
    }
    header = []
    mode = .between
  }

  /// The word in a header behind `mark`.
  private static func word(behind mark: String, in header: String) -> String? {
    guard let range = header.firstRange(of: mark) else { return nil }
    let word = header[range.upperBound...].prefix { $0 != " " && $0 != "<" }
    return word.isEmpty ? nil : String(word)
  }
}
