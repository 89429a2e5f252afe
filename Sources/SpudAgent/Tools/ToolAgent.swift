internal import SpudErrors
package import SpudGuardian
internal import SpudTensors

/// Works with tools, call by call past a gate, until the model has no more calls.
package struct ToolAgent {
  package struct Report: Sendable {
    package enum Ending: String, Sendable {
      case finished, interrupted
      case outOfCalls = "out of calls"
      case goesInCircles = "the same call again and again"
      case contextFull = "the context is full"
      case cut = "the model's answer was cut"
      case empty = "the model's answer was empty"
    }

    package var ending = Ending.finished
    package var calls = 0
    package var refused = 0
    /// The model's last words.
    package var text = ""
  }

  package struct Options {
    package var calls = 60
    /// Characters of the conversation that a model is given.
    package var contextLength = 100_000
    package var isInterrupted: () -> Bool = { false }
    package var watcher: (String) -> Void = { _ in }

    package init() {}
  }

  private var model: any ToolModel
  private let toolbox: any Toolbox
  private let gate: ActionGate
  private let options: Options
  private let log: AgentLog

  package init(
    model: any ToolModel, toolbox: any Toolbox, gate: ActionGate, log: AgentLog = AgentLog(),
    options: Options = Options()
  ) {
    self.model = model
    self.toolbox = toolbox
    self.gate = gate
    self.log = log
    self.options = options
  }

  /// - Parameter task: what a person asks for.
  /// - Throws: what the model throws.
  package mutating func run(_ task: String) throws -> Report {
    var messages: [ToolMessage] = [.system(toolbox.instructions), .user(task)]
    var report = Report()
    var recent: [String] = []
    while true {
      guard !options.isInterrupted() else { return ended(.interrupted, report) }
      guard let fitting = Self.fitted(messages, to: options.contextLength) else { return ended(.contextFull, report) }
      messages = fitting
      let answer: (text: String, calls: [ToolRequest])
      do {
        answer = try model.answer(messages, tools: toolbox.tools)
      } catch is ContextFull {
        // What the model cannot read is cut to half, until nothing is left to cut.
        guard let shorter = Self.fitted(messages, to: Self.length(of: messages) / 2) else {
          return ended(.contextFull, report)
        }
        messages = shorter
        continue
      } catch let cut as AnswerCut {
        report.text = cut.text
        return ended(.cut, report)
      } catch is CancellationError {
        return ended(.interrupted, report)
      }
      messages.append(.assistant(text: answer.text, calls: answer.calls))
      report.text = answer.text
      guard !answer.calls.isEmpty else {
        return ended(answer.text.allSatisfy(\.isWhitespace) ? .empty : .finished, report)
      }
      for call in answer.calls {
        guard !options.isInterrupted() else { return ended(.interrupted, report) }
        guard report.calls < options.calls else { return ended(.outOfCalls, report) }
        report.calls += 1
        let result = run(call, &report)
        messages.append(.tool(id: call.id, text: result))
        recent = (recent + [Self.text(of: call) + result]).suffix(4)
        if recent.count == 4, Set(recent).count == 1 { return ended(.goesInCircles, report) }
      }
    }
  }

  private func ended(_ ending: Report.Ending, _ report: Report) -> Report {
    var report = report
    report.ending = ending
    log.add([("ending", .string(ending.rawValue)), ("calls", .number(report.calls))])
    return report
  }

  private func run(_ call: ToolRequest, _ report: inout Report) -> String {
    guard let tool = toolbox.tools.first(where: { $0.name == call.name }) else {
      return "error: there is no tool '\(call.name.prefix(60))'"
    }
    guard case .object(let arguments) = call.arguments else { return "error: the arguments are no JSON object" }
    if let problem = tool.problem(with: arguments) { return "error: \(problem)" }
    let proposal = toolbox.proposal(call.name, arguments)
    let verdict = gate.propose(proposal)
    options.watcher(Self.text(of: call))
    guard verdict.isAllowed else {
      report.refused += 1
      let reasons = verdict.reasons.joined(separator: ", ")
      options.watcher("refused: \(reasons.isEmpty ? "no policy permits it" : reasons)")
      record(call, "denied: \(reasons)")
      return "error: the Guardian says no: \(reasons)"
    }
    // One result alone must not fill the conversation.
    let result = toolbox.run(call.name, arguments, as: proposal, past: gate).shortened(to: options.contextLength / 4)
    record(call, String(result.prefix(200)))
    return result
  }

  private func record(_ call: ToolRequest, _ result: String) {
    log.add([("tool", .string(call.name)), ("arguments", call.arguments), ("result", .string(result))])
  }

  private static func text(of call: ToolRequest) -> String {
    let arguments = String(decoding: call.arguments.serialized, as: UTF8.self)
    return "\(call.name) \(arguments.count > 200 ? arguments.prefix(200) + "…" : arguments)"
  }

  // MARK: - The context

  static func length(of messages: [ToolMessage]) -> Int {
    messages.reduce(0) { sum, message in
      switch message {
      case .system(let text), .user(let text), .tool(_, let text): sum + text.count
      case .assistant(let text, let calls): sum + text.count + calls.reduce(0) { $0 + $1.arguments.serialized.count }
      }
    }
  }

  /// The conversation with results of tools left out, the oldest first, until it fits; nil where it cannot.
  ///
  /// Each result that is left out says so, with its length. The last one stays.
  static func fitted(_ messages: [ToolMessage], to limit: Int) -> [ToolMessage]? {
    var messages = messages
    var length = length(of: messages)
    let results = messages.indices.filter { if case .tool = messages[$0] { true } else { false } }
    for place in results.dropLast() where length > limit {
      guard case .tool(let id, let text) = messages[place] else { continue }
      let short = "[a result of \(text.count) characters was left out, for it no longer fits]"
      guard short.count < text.count else { continue }
      messages[place] = .tool(id: id, text: short)
      length += short.count - text.count
    }
    return length <= limit ? messages : nil
  }
}
