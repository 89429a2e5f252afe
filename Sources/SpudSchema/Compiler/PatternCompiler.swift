internal import SpudErrors
internal import SpudTensors

/// Compiles a regular expression to a grammar of the inside of a JSON string.
///
/// Supported: characters, `.`, classes, `\d \w \s` and their opposites, groups, alternatives, `? * + {n,m}`, and
/// anchors at the ends. Without an anchor, any text may stand at that end, as `pattern` has it.
struct PatternCompiler {
  static let lengthLimit = 1024
  static let depthLimit = 32

  private let scalars: [Unicode.Scalar]
  private let path: String
  private var position = 0
  private var depth = 0

  private static let leapYear =
    "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
  private static let day =
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
  private static let date = "([0-9]{4}-\(day)|\(leapYear)-02-29)"
  private static let time =
    #"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"#

  /// Patterns of the formats that structured outputs name.
  static let formats: [String: String] = [
    "date": "^\(date)$",
    "time": "^\(time)$",
    "date-time": "^\(date)T\(time)$",
    "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "email": #"^[A-Za-z0-9_+-]{1,32}(\.[A-Za-z0-9_+-]{1,32}){0,4}@[A-Za-z0-9-]{1,32}(\.[A-Za-z0-9-]{1,32}){1,4}$"#,
    "ipv4": #"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$"#,
  ]

  static func node(of pattern: String, in grammar: inout Grammar, path: String) throws -> Grammar.NodeID {
    var compiler = Self(scalars: Array(pattern.unicodeScalars), path: path)
    guard compiler.scalars.count <= lengthLimit else { throw compiler.fail("is longer than \(lengthLimit) characters") }
    let node = try compiler.alternatives(&grammar, isTop: true)
    guard compiler.position == compiler.scalars.count else { throw compiler.fail("has a ')' too many") }
    return node
  }

  private init(scalars: [Unicode.Scalar], path: String) {
    self.scalars = scalars
    self.path = path
  }

  private mutating func alternatives(_ grammar: inout Grammar, isTop: Bool) throws -> Grammar.NodeID {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw fail("has groups nested deeper than \(Self.depthLimit)") }
    var choices = [try sequence(&grammar, isTop: isTop)]
    while take("|") { choices.append(try sequence(&grammar, isTop: isTop)) }
    return grammar.choice(choices)
  }

  private mutating func sequence(_ grammar: inout Grammar, isTop: Bool) throws -> Grammar.NodeID {
    var items: [Grammar.NodeID] = []
    let startsHere = take("^")
    if startsHere, !isTop { throw fail("has an anchor within a group, which is not supported") }
    if isTop, !startsHere { items.append(grammar.any(grammar.character())) }
    var endsHere = false
    while let next = peek(), next != "|", next != ")" {
      if next == "$" {
        position += 1
        guard isTop, peek() == nil || peek() == "|" else {
          throw fail("has a '$' that is not at its end, which is not supported")
        }
        endsHere = true
        break
      }
      let atom = try atom(&grammar)
      items.append(try quantified(atom, &grammar))
      guard grammar.nodes.count < SchemaCompiler.nodeLimit else { throw fail("is too large") }
    }
    if isTop, !endsHere { items.append(grammar.any(grammar.character())) }
    return grammar.sequence(items)
  }

  private mutating func quantified(_ item: Grammar.NodeID, _ grammar: inout Grammar) throws -> Grammar.NodeID {
    var result = item
    if take("?") {
      result = grammar.optional(item)
    } else if take("*") {
      result = grammar.any(item)
    } else if take("+") {
      result = grammar.add(.repetition(item, minimum: 1, limit: nil))
    } else if take("{") {
      guard let low = number() else { throw fail("has a '{' that is no repetition") }
      var high: Int? = low
      if take(",") { high = number() }
      guard take("}"), low <= SchemaCompiler.countLimit,
        high.map({ low <= $0 && $0 <= SchemaCompiler.countLimit }) ?? true
      else { throw fail("has a repetition that is not of 0 to \(SchemaCompiler.countLimit)") }
      result = grammar.add(.repetition(item, minimum: Int32(low), limit: high.map { Int32($0) }))
    }
    if let next = peek(), "?*+{".unicodeScalars.contains(next) {
      throw fail("has a '\(next)' behind a repetition, which is not supported")
    }
    return result
  }

  private mutating func atom(_ grammar: inout Grammar) throws -> Grammar.NodeID {
    guard let next = peek() else { throw fail("ends too early") }
    position += 1
    switch next {
    case "(":
      if take("?") {
        guard take(":") else { throw fail("looks ahead or behind, which is not supported") }
      }
      let node = try alternatives(&grammar, isTop: false)
      guard take(")") else { throw fail("has a group without an end") }
      return node
    case "[": return grammar.characters(try characterClass())
    case ".": return grammar.characters(ScalarSet.newline.inverted)
    case "\\":
      return grammar.characters(try escape())
    case "?", "*", "+", "{": throw fail("has a '\(next)' that repeats nothing")
    default: return grammar.characters(ScalarSet([next.value...next.value]))
    }
  }

  private mutating func characterClass() throws -> ScalarSet {
    let isInverted = take("^")
    var set = ScalarSet([]), isFirst = true
    while let next = peek(), next != "]" || isFirst {
      isFirst = false
      position += 1
      let low = next == "\\" ? try escape() : ScalarSet([next.value...next.value])
      if peek() == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
        position += 1
        guard let end = peek() else { break }
        position += 1
        let high = end == "\\" ? try escape() : ScalarSet([end.value...end.value])
        guard let from = low.only, let to = high.only, from <= to else { throw fail("has a range that is none") }
        set = set.union(ScalarSet([from...to]))
      } else {
        set = set.union(low)
      }
    }
    guard take("]") else { throw fail("has a class without an end") }
    return isInverted ? set.inverted : set
  }

  private mutating func escape() throws -> ScalarSet {
    guard let next = peek() else { throw fail("ends with a backslash") }
    position += 1
    switch next {
    case "d": return .digits
    case "D": return ScalarSet.digits.inverted
    case "w": return .word
    case "W": return ScalarSet.word.inverted
    case "s": return .space
    case "S": return ScalarSet.space.inverted
    case "n": return ScalarSet([0x0A...0x0A])
    case "r": return ScalarSet([0x0D...0x0D])
    case "t": return ScalarSet([0x09...0x09])
    case "u":
      let digits = String(String.UnicodeScalarView(scalars[position...].prefix(4)))
      guard digits.utf8.count == 4, let value = UInt32(digits, radix: 16), Unicode.Scalar(value) != nil else {
        throw fail("has a '\\u' that names no character")
      }
      position += 4
      return ScalarSet([value...value])
    default:
      guard next.value < 0x80, !next.properties.isAlphabetic, next.properties.numericType == nil else {
        throw fail("has '\\\(next)', which is not supported")
      }
      return ScalarSet([next.value...next.value])
    }
  }

  private func peek() -> Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == scalar else { return false }
    position += 1
    return true
  }

  private mutating func number() -> Int? {
    let start = position
    while let next = peek(), "0"..."9" ~= next { position += 1 }
    return position - start > 6 ? nil : Int(String(String.UnicodeScalarView(scalars[start..<position])))
  }

  private func fail(_ what: String) -> SpudError { SchemaCompiler.fail(path, "has a pattern that \(what)") }
}
