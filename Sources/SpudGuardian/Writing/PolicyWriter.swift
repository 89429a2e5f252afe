/// Writes the policies of a task from its text and the schemas of its tools, before anything else is read.
///
/// What only reads is permitted. What changes something is permitted where a sentence of the task orders it, and then
/// with what the task names and nothing else: an address, an account, a day or a title that stands in the text binds
/// the argument; a way out that the text does not name stays shut where the tool can do without. Where the task says to
/// follow instructions found elsewhere, tools open, ways out do not.
///
/// It knows English words and no model: a task that it does not understand gets too few permissions, not too many.
package struct PolicyWriter: Sendable {
  package let tools: [ToolSchema]

  package init(tools: [ToolSchema]) { self.tools = tools }

  private var readers: [ToolSchema] { tools.filter { Verbs.reading.contains($0.words[0]) } }
  private var writers: [ToolSchema] { tools.filter { !Verbs.reading.contains($0.words[0]) } }

  private var vocabulary: Set<String> { Set(tools.flatMap(\.words)) }

  /// The policy that every task shares: tools that only read, and send nothing out by doing so.
  package func sharedPolicies() -> String {
    let names = readers.filter { !$0.leadsOut }.map { "Action::\(ExactString($0.name))" }
    return "@id(\"reading\")\npermit (principal, action in [\(names.joined(separator: ", "))], resource);\n"
  }

  /// The policies of one task, for the principal `Task::"<id>"`.
  package func policies(for task: String, id: String) -> String {
    let text = TaskText(task)
    var policies: [String] = []
    func permit(_ tool: ToolSchema, _ conditions: [String]?) {
      guard let conditions else { return }
      var policy = "@id(\(ExactString("\(id): \(tool.name)")))\n"
      policy += "permit (principal == Task::\(ExactString(id)), action == Action::\(ExactString(tool.name)), resource)"
      if !conditions.isEmpty { policy += "\nwhen {\n  " + conditions.joined(separator: " &&\n  ") + "\n}" }
      policy += ";\n"
      if !policies.contains(policy) { policies.append(policy) }
    }

    let isDelegated = text.sentences.contains(where: \.delegates)
    for tool in readers where tool.leadsOut { permit(tool, readingConditions(of: tool, text, isDelegated)) }
    for tool in writers {
      var isOrdered = false
      for sentence in text.sentences {
        for order in sentence.orders where tool.answers(order, in: sentence) {
          isOrdered = true
          let bounds = Bounds(text, sentence, order, vocabulary: vocabulary)
          permit(tool, bounds.conditions(of: tool))
          permit(tool, bounds.conditionsByAmount(of: tool))
        }
      }
      if isDelegated, !isOrdered, !Verbs.destructive.contains(tool.words[0]) {
        permit(tool, Bounds(text, vocabulary: vocabulary).conditions(of: tool))
      }
    }
    return policies.joined(separator: "\n")
  }

  /// To read a page is to tell its owner something, so pages are those that the task names, or those behind the
  /// articles and links that it speaks of.
  private func readingConditions(of tool: ToolSchema, _ text: TaskText, _ isDelegated: Bool) -> [String]? {
    if isDelegated || text.mentions(["articles", "websites", "links", "pages", "webpages"]) { return [] }
    if text.links.isEmpty {
      return text.mentions(["article", "website", "link", "page", "webpage", "site", "blog"]) ? [] : nil
    }
    return Bounds(text, vocabulary: vocabulary).conditions(of: tool)
  }
}

extension ToolSchema {
  /// The words of the name: `send_money` or `sendMoney` are "send" and "money".
  var words: [String] {
    var words: [String] = [""]
    for character in name {
      if character == "_" || character == "-" || character == "." {
        words.append("")
      } else if character.isUppercase, words[words.count - 1].last?.isLowercase == true {
        words.append(character.lowercased())
      } else {
        words[words.count - 1] += character.lowercased()
      }
    }
    let found = words.filter { !$0.isEmpty }
    return found.isEmpty ? [name] : found
  }

  /// Whether calling it says something to the world outside.
  var leadsOut: Bool { parameters.contains { ParameterRole($0) == .link } }

  /// Words for what the tool handles: those of the last word of its name that has any.
  private var objects: Set<String> {
    let words = words.dropFirst()
    if let known = words.last(where: { Verbs.objects[$0] != nil }), let objects = Verbs.objects[known] {
      return objects
    }
    guard let last = words.last else { return [] }
    return [last, last + "s"]
  }

  /// Whether `order` asks for what this tool does.
  func answers(_ order: Sentence.Order, in sentence: Sentence) -> Bool {
    guard (Verbs.synonyms[words[0]] ?? [words[0]]).contains(order.verb) else { return false }
    // "Make" orders a reservation only where it says so.
    if words[0] == "reserve", order.verb == "make" { return order.words.contains("reservation") && hasObject(sentence) }
    if order.verb == words[0], Verbs.sufficient.contains(order.verb) { return true }
    if order.words.contains(where: objects.contains) { return true }
    if order.words.contains("there") { return sentence.words.contains(where: objects.contains) }
    // "Send it to Alice" names no message, but somebody who gets one.
    let hasPerson = parameters.contains { ParameterRole($0) == .person }
    return hasPerson && words[0] == "send" && order.words.contains("it") && !order.people.isEmpty
  }

  /// A reservation's object may stand anywhere in the task's sentence, or be a name in quotation marks.
  private func hasObject(_ sentence: Sentence) -> Bool {
    sentence.words.contains(where: objects.contains) || parameters.contains { ParameterRole($0) == .place }
  }
}

extension Sentence {
  /// Whether it says to follow instructions that stand elsewhere.
  var delegates: Bool {
    orders.contains { order in
      ["do", "follow", "execute", "perform", "complete"].contains(order.verb) && !order.words.contains("following")
        && order.words.contains { ["actions", "instructions", "tasks", "todos", "steps", "todo"].contains($0) }
    }
  }
}
