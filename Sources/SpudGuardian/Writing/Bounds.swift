/// What a task's words allow the arguments of a tool to be.
struct Bounds {
  let text: TaskText
  /// Where the tool was ordered; nil where the task delegates.
  private let sentence: Sentence?
  private let order: Sentence.Order?
  /// Words of the tools' names, which are nobody's.
  private let vocabulary: Set<String>

  init(_ text: TaskText, _ sentence: Sentence? = nil, _ order: Sentence.Order? = nil, vocabulary: Set<String>) {
    self.text = text
    self.vocabulary = vocabulary
    self.sentence = sentence
    self.order = order
  }

  /// The conditions of a permission, all of which must hold; nil where there can be no permission.
  func conditions(of tool: ToolSchema) -> [String]? {
    var conditions: [String] = []
    for parameter in tool.parameters {
      switch bound(of: parameter) {
      case .free: continue
      case .closed: return nil
      case .absent: conditions.append(absence(of: parameter))
      case .oneOf(let values): conditions.append(membership(of: parameter, in: values))
      case .like(let patterns): conditions.append(match(of: parameter, patterns))
      }
    }
    return conditions
  }

  /// A second permission, for "refund the 10.00 from my friend": the order names no account, but the sum.
  func conditionsByAmount(of tool: ToolSchema) -> [String]? {
    guard let order, !text.accounts.isEmpty, !text.accounts.contains(where: { order.text.contains($0) }),
      let amount = tool.parameters.first(where: { ParameterRole($0) == .amount }),
      let account = tool.parameters.first(where: { ParameterRole($0) == .account && $0.isRequired }),
      !order.words.contains(where: Self.pronouns.contains)
    else { return nil }
    let sums = order.words.map { $0.contains(".") ? $0 : $0 + ".0" }.filter { FixedDecimal(parsing: $0) != nil }
      .map { "decimal(\(ExactString($0)))" }
    guard !sums.isEmpty, account.kind == .string else { return nil }
    return ["[\(sums.joined(separator: ", "))].contains(context.input.\(amount.name))"]
  }

  private enum Bound {
    case free
    /// The task gives no ground for any value, and the tool needs one.
    case closed
    case absent
    case oneOf([String])
    case like([String])
  }

  private static let pronouns: Set<String> = ["them", "him", "her"]

  private func bound(of parameter: ToolSchema.Parameter) -> Bound {
    switch ParameterRole(parameter) {
    case .address: address(parameter)
    case .account: account(parameter)
    case .link:
      text.links.isEmpty
        ? .closed : .oneOf(text.links + text.links.filter { !$0.contains("://") }.map { "https://" + $0 })
    case .person: order == nil ? .free : oneOf(people)
    case .channel: channel()
    case .file: oneOf(text.files)
    case .place: oneOf(phrases)
    case .title: order == nil || phrases.isEmpty ? .free : .like(phrases.map(Self.pattern))
    case .content: content()
    case .day: order == nil || text.days.isEmpty ? .free : .like(text.days)
    case .secret: phrases.isEmpty ? .closed : .oneOf(phrases)
    case .attachment: text.mentions(["attach", "attached", "attachment", "attachments"]) ? .free : .absent
    case .amount, .other: .free
    }
  }

  private func oneOf(_ values: [String]) -> Bound { values.isEmpty ? .free : .oneOf(values) }

  /// Quoted text that is no address and no file.
  private var phrases: [String] {
    text.quotations.filter { quotation in
      !text.addresses.contains(quotation) && !text.files.contains(quotation)
    }
  }

  private func address(_ parameter: ToolSchema.Parameter) -> Bound {
    if !text.addresses.isEmpty { return .oneOf(text.addresses) }
    guard order != nil else { return parameter.isRequired ? .closed : .absent }
    if !people.isEmpty { return .like(people.map { "*\($0.lowercased())*" }) }
    if parameter.isRequired { return .free }
    return text.mentions([parameter.name, "attendees", "everybody"]) ? .free : .absent
  }

  private func account(_ parameter: ToolSchema.Parameter) -> Bound {
    if !text.accounts.isEmpty { return .oneOf(text.accounts) }
    guard parameter.isRequired else { return .absent }
    let names = text.sentences.flatMap(\.names)
    if !names.isEmpty { return .oneOf(names) }
    return order == nil ? .closed : .free
  }

  /// Who is named in the order, or in its sentence where the order says "them"; words of the tool's name are nobody.
  private var people: [String] {
    guard let order, let sentence else { return [] }
    let mine = order.people.filter { !vocabulary.contains($0.lowercased()) }
    guard mine.isEmpty, order.words.contains(where: Self.pronouns.contains) else { return mine }
    return sentence.people.filter { !vocabulary.contains($0.lowercased()) }
  }

  /// A channel in quotation marks, or the beginning of its name; what follows a colon is content.
  private func channel() -> Bound {
    guard let order, let head = order.text.split(separator: ": ").first.map(String.init) else { return .free }
    if let match = head.firstMatch(of: /starting with ['"]?([A-Za-z0-9_-]+)/) {
      return .like([String(match.output.1) + "*"])
    }
    return oneOf(phrases.filter { head.contains($0) })
  }

  /// "… the following message: Hello" fixes the message; "(where k is replaced …)" leaves a gap for k.
  private func content() -> Bound {
    guard let order, let colon = order.text.firstRange(of: ": "),
      order.words.contains(where: { ["message", "question", "text", "reply"].contains($0) })
    else { return .free }
    var content = String(order.text[colon.upperBound...])
    var gap: String?
    if let remark = content.firstMatch(of: /\s*\(where ([A-Za-z]+) is replaced[^)]*\).*$/) {
      gap = String(remark.output.1)
      content = String(content[..<remark.range.lowerBound])
    }
    content = content.trimming { $0.isWhitespace || $0 == "'" || $0 == "\"" }
    guard !content.isEmpty else { return .free }
    var pattern = Self.pattern(content)
    if let gap { pattern = pattern.replacing(" \(gap)-", with: " *-").replacing(" \(gap) ", with: " * ") }
    return .like([pattern])
  }

  /// A quotation as a pattern: `{name}` stands for anything.
  private static func pattern(_ phrase: String) -> String {
    phrase.replacing("*", with: "\\*").replacing(/\{[^}]*\}/, with: "*")
  }

  // MARK: Cedar

  private func absence(of parameter: ToolSchema.Parameter) -> String {
    let absent = "!(context.input has \(parameter.name))"
    return parameter.kind == .array ? "(\(absent) || context.input.\(parameter.name).isEmpty())" : absent
  }

  private func membership(of parameter: ToolSchema.Parameter, in values: [String]) -> String {
    let list = "[\(values.map { "\(ExactString($0))" }.joined(separator: ", "))]"
    let method = parameter.kind == .array ? "containsAll" : "contains"
    return optional(parameter, "\(list).\(method)(context.input.\(parameter.name))")
  }

  private func match(of parameter: ToolSchema.Parameter, _ patterns: [String]) -> String {
    let isList = parameter.kind == .array
    let value = "context.\(isList ? "each" : "input").\(parameter.name)"
    let any = patterns.map { "\(value) like \(Self.literal($0))" }.joined(separator: " || ")
    if isList { return "(!(context.each has \(parameter.name)) || \(any))" }
    return optional(parameter, patterns.count == 1 ? any : "(\(any))")
  }

  /// A pattern as a literal, with `\*` left as it is.
  private static func literal(_ pattern: String) -> String {
    ExactString(pattern).description.replacing("\\\\*", with: "\\*")
  }

  private func optional(_ parameter: ToolSchema.Parameter, _ condition: String) -> String {
    parameter.isRequired ? condition : "(!(context.input has \(parameter.name)) || \(condition))"
  }
}
