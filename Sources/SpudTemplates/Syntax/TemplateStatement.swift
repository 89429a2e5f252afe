/// A statement of a template.
indirect enum TemplateStatement: Sendable {
  case text(TemplateText)
  case output(TemplateExpression, line: Int)
  case branch([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement], line: Int)
  case loop(TemplateLoop, line: Int)
  case assign(TemplateTarget, TemplateExpression, line: Int)
  case capture(TemplateTarget, filters: [TemplateFilterCall], body: [TemplateStatement], line: Int)
  case macro(TemplateMacroDefinition, line: Int)
  case callBlock(TemplateExpression, caller: TemplateMacroDefinition, line: Int)
  case filterBlock([TemplateFilterCall], body: [TemplateStatement], line: Int)
  case with([(target: TemplateTarget, value: TemplateExpression)], body: [TemplateStatement], line: Int)
  /// What an assistant wrote, marked for training; it only has a scope of its own.
  case generation([TemplateStatement], line: Int)
  case leaveLoop
  case nextIteration
}

/// What a value is assigned to.
indirect enum TemplateTarget: Sendable {
  case name(Int)
  case tuple([TemplateTarget])
  /// An attribute of a namespace.
  case attribute(Int, String)
}

struct TemplateLoop: Sendable {
  let target: TemplateTarget
  let values: TemplateExpression
  /// Values for which this is false are left out, and not counted.
  let condition: TemplateExpression?
  let body: [TemplateStatement]
  /// Runs if there was no value.
  let otherwise: [TemplateStatement]
}

struct TemplateMacroDefinition: Sendable {
  /// The name that it is bound to, or nil for the body of a call block.
  let name: Int?
  let parameters: [(name: Int, value: TemplateExpression?)]
  let body: [TemplateStatement]
}

/// A template as parsed.
struct TemplateProgram: Sendable {
  let body: [TemplateStatement]
  /// The spellings of all names in it.
  let names: [String]
  let numbers: [String: Int]
}
