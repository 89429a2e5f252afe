import SpudErrors
import SpudTensors

@testable import SpudTemplates

/// Renders a template with variables given as JSON.
func render(_ source: String, _ variables: String = "{}", limits: TemplateLimits = TemplateLimits()) throws -> String {
  try renderPrompt(source, variables, limits: limits).text
}

func renderPrompt(
  _ source: String, _ variables: String = "{}", limits: TemplateLimits = TemplateLimits()
) throws -> RenderedPrompt {
  let arguments = try JSONValue(parsing: variables, name: "variables").object ?? JSONObject()
  return try ChatTemplate(source, name: "template").render(
    ChatTemplateRequest(messages: [], addsGenerationPrompt: false, arguments: arguments), limits: limits,
    now: Goldens.now)
}

/// The error of a template that fails; nil if it does not.
func failure(_ source: String, _ variables: String = "{}", limits: TemplateLimits = TemplateLimits()) -> String? {
  do {
    _ = try renderPrompt(source, variables, limits: limits)
    return nil
  } catch {
    return (error as? SpudError)?.message ?? "not a SpudError: \(error)"
  }
}
