internal import SpudErrors

/// Runs a template once.
///
/// It reaches nothing but its inputs: there are no attributes of host objects, no imports, no clock of its own.
final class TemplateEvaluator {
  /// What happens after a statement.
  enum Flow { case onward, leaveLoop, nextIteration }

  let program: TemplateProgram
  let name: String
  let limits: TemplateLimits
  let now: TemplateTime
  /// The line of the statement that runs.
  var line = 1
  private var steps = 0
  private var bytes = 0
  private var depth = 0
  /// What may refer to itself, and is emptied at the end.
  var namespaces: [TemplateNamespace] = []
  var macroScopes: [TemplateScope] = []
  let loopName, callerName, positionalName, namedName: Int?

  init(_ program: TemplateProgram, name: String, limits: TemplateLimits, now: TemplateTime) {
    self.program = program
    self.name = name
    self.limits = limits
    self.now = now
    loopName = program.numbers["loop"]
    callerName = program.numbers["caller"]
    positionalName = program.numbers["varargs"]
    namedName = program.numbers["kwargs"]
  }

  /// - Parameter variables: What the template finds under which name.
  func run(_ variables: TemplateDictionary) throws -> TemplateText {
    let globals = TemplateScope(parent: nil)
    for entry in variables.entries {
      guard let name = entry.key.text?.string, let number = program.numbers[name] else { continue }
      globals.set(number, to: entry.value)
    }
    defer {
      for namespace in namespaces { namespace.attributes = [:] }
      for scope in macroScopes { scope.removeAll() }
    }
    var output = TemplateText()
    _ = try execute(program.body, in: TemplateScope(parent: globals), into: &output)
    return output
  }

  /// Counts one unit of work.
  func step(_ count: Int = 1) throws {
    steps += count
    if steps > limits.steps { throw fail("the template takes more than \(limits.steps) steps: does it loop?") }
  }

  /// Counts bytes read or made.
  func charge(_ count: Int) throws {
    bytes += count
    if bytes > limits.bytes {
      throw fail("the template handles more than \(limits.bytes) bytes of text: does it loop?")
    }
  }

  /// Counts the bytes of a string that was made, and refuses one that is too long.
  func charged(_ text: TemplateText) throws -> TemplateText {
    try charge(text.utf8.count)
    try check(length: text.utf8.count)
    return text
  }

  func check(length: Int) throws {
    if length > limits.outputBytes { throw fail("the template writes more than \(limits.outputBytes) bytes") }
  }

  func charged(_ texts: [TemplateText]) throws -> [TemplateValue] {
    try step(texts.count)
    try charge(texts.reduce(0) { $0 + $1.utf8.count })
    return texts.map { .text($0) }
  }

  /// A value that was put together, if it is not too deep to be taken apart again.
  func checked(_ value: TemplateValue) throws -> TemplateValue {
    if value.depth > limits.valueDepth { throw fail("lists nested deeper than \(limits.valueDepth)") }
    return value
  }

  /// Runs `body` one level deeper.
  func deeper<Result>(_ body: () throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    if depth > limits.depth { throw fail("the template nests deeper than \(limits.depth): does a macro call itself?") }
    return try body()
  }

  func fail(_ what: String) -> SpudError { SpudError(.badData, "\(name), line \(line): \(what)") }
}
