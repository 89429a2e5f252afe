internal import SpudErrors
internal import SpudTensors

/// A checkpoint's own template, which turns a conversation into the text that the model was trained on.
///
/// Templates are programs in Jinja that come with a checkpoint's files, so they are as hostile as any file: this one is
/// interpreted, reaches only its inputs, and is stopped at `TemplateLimits`. What it prints is what
/// `transformers.apply_chat_template` prints.
///
/// Left out of Jinja, each refused with a sentence: inheritance, includes and imports; recursive loops; the filters
/// `filesizeformat`, `pprint`, `random`, `striptags`, `urlencode`, `urlize`, `wordwrap` and `xmlattr`; formats with a
/// width or a precision. The views of a dictionary (`keys()`) are lists here, and print as such.
package struct ChatTemplate: Sendable {
  /// Bytes of a template's source.
  package static let sourceLimit = 1 << 20

  private let program: TemplateProgram
  private let name: String

  /// - Parameter name: What to call the template in an error.
  /// - Throws: `SpudError.badData`, naming the line, for what is no template or needs what is not supported.
  package init(_ source: String, name: String) throws {
    guard source.utf8.count <= Self.sourceLimit else {
      throw SpudError(
        .badData, "\(name): a template of \(source.utf8.count) bytes, but the limit is \(Self.sourceLimit)")
    }
    self.name = name
    program = try TemplateParser.program(of: source, name: name)
  }

  /// Fills the template in.
  ///
  /// - Throws: `SpudError.badData` for what the template refuses, and for one that passes `limits`.
  package func render(
    _ request: ChatTemplateRequest, limits: TemplateLimits? = nil, now: TemplateTime = .now
  ) throws -> RenderedPrompt {
    let evaluator = TemplateEvaluator(
      program, name: name, limits: limits ?? TemplateLimits(inputBytes: request.byteEstimate), now: now)
    return RenderedPrompt(try evaluator.run(try request.variables()))
  }
}
