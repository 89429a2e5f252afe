/// Behind `<｜tool▁calls▁begin｜>`: calls, each between its own marks, and the mark that ends them all.
///
/// A call is `name<｜tool▁sep｜>{…}`, or, as older models have it, `function<｜tool▁sep｜>name`, a newline, and the object
/// in a fence.
struct DeepSeekBlock: Sendable {
  static let opening = "<｜tool▁calls▁begin｜>"
  private static let begin = "<｜tool▁call▁begin｜>"
  private static let separator = "<｜tool▁sep｜>"
  private static let end = "<｜tool▁call▁end｜>"
  private static let closing = "<｜tool▁calls▁end｜>"

  private enum Part: Sendable { case between, name, fencedName, fence, arguments, fenceEnd, end }
  private var part = Part.between
  private var isFenced = false
  private var scanner = JSONScanner()
  private var matcher = ByteMatcher()

  var mayEnd: Bool { false }

  mutating func push(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    if part == .arguments {
      let step = pushArguments(byte, &scanner, into: &sink)
      guard step == .done else { return step }
      scanner = JSONScanner()
      part = isFenced ? .fenceEnd : .end
      return .more
    }
    sink.hold(byte)
    switch part {
    case .name, .fencedName: return name(byte, into: &sink)
    default: break
    }
    let choices: [String]
    switch part {
    case .between: choices = [Self.begin, Self.closing]
    case .fence: choices = ["```json"]
    case .fenceEnd: choices = ["```"]
    default: choices = [Self.end]
    }
    switch matcher.match(byte, choices) {
    case .more: return .more
    case .failed: return .failed
    case .found(let index):
      switch part {
      case .between where index == 1:
        sink.accept()
        return .done
      case .between: part = .name
      case .fence: part = .arguments
      case .fenceEnd: part = .end
      default:
        sink.accept()
        part = .between
      }
      return .more
    }
  }

  private mutating func name(_ byte: UInt8, into sink: inout CallSink) -> CallStep {
    switch matcher.name(byte, ends: [part == .name ? Self.separator : "\n"]) {
    case .more: return .more
    case .failed: return .failed
    case .found("function", _) where part == .name:
      isFenced = true
      part = .fencedName
    case .found(let name, _):
      if part == .name { isFenced = false }
      sink.start(name: name)
      part = isFenced ? .fence : .arguments
    }
    return .more
  }
}
