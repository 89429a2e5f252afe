import SpudTensors
import Testing

@testable import SpudTemplates

@Suite("The language of templates")
struct LanguageTests {
  /// Constructs that Jinja has and we refuse, each with a sentence.
  static let refused: Set = ["{% for x in l recursive %}{{ x }}{% endfor %}"]
  /// What prints otherwise: we have no views of dictionaries, only lists.
  static let different: Set = ["{{ d.keys() }}"]

  @Test("single constructs give what Jinja gives, or fail as there")
  func constructs() throws {
    let json = try JSONValue(contentsOf: Goldens.fixtures + "/language.json")
    let variables = try #require(json["variables"]?.object)
    let cases = try #require(json["cases"]?.array)
    #expect(cases.count > 600)
    for golden in cases {
      let source = try #require(golden["source"]?.string)
      var found: String?
      do {
        found = try ChatTemplate(source, name: "t").render(
          ChatTemplateRequest(messages: [], addsGenerationPrompt: false, arguments: variables), now: Goldens.now
        ).text
      } catch {}
      if Self.refused.contains(source) {
        #expect(found == nil, "\(source)")
      } else if !Self.different.contains(source) {
        #expect(found == golden["text"]?.string, "\(source)")
      }
    }
  }

  @Test("an error names the template and the line")
  func errors() {
    #expect(failure("a\n\n{{ x.y }}") == "template, line 3: 'x' is undefined")
    #expect(
      failure("{% if true %}\n{{ 1 }}")
        == "template, line 2: the block of line 1 is not closed: 'elif' or 'else' or 'endif' is missing")
    #expect(failure("\n{{ 1 + }}") == "template, line 2: found '}}' where an expression was expected")
    #expect(
      failure("{% macro m(a) %}\n{{ a.b.c }}{% endmacro %}\n{{ m({}) }}") == "template, line 2: a dictionary has no 'b'"
    )
    #expect(failure("{{ messages | nope }}") == "template, line 1: the filter 'nope' is not supported")
  }

  @Test("numbers are spelled as Python spells them")
  func numbers() {
    let spellings: [(Double, String)] = [
      (0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (0.1, "0.1"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
      (1.5e16, "1.5e+16"),
      (123_456_789_012_345_680, "1.2345678901234568e+17"), (0.0001, "0.0001"), (0.00001, "1e-05"), (1.5e-7, "1.5e-07"),
      (.leastNonzeroMagnitude, "5e-324"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
      (9_007_199_254_740_992, "9007199254740992.0"),
      (-2.5, "-2.5"), (1e100, "1e+100"), (.infinity, "inf"), (.nan, "nan"),
    ]
    for (value, spelling) in spellings { #expect(PythonNumber.spelling(of: value) == spelling) }
  }

  @Test("weekdays and days of the year are those of the calendar")
  func calendar() throws {
    #expect(try TemplateTime(year: 2026, month: 3, day: 5).formatted("%A %j") == "Thursday 064")
    #expect(try TemplateTime(year: 2024, month: 2, day: 29).formatted("%a %j %-d/%-m") == "Thu 060 29/2")
    #expect(
      try TemplateTime(year: 2000, month: 1, day: 1, hour: 0).formatted("%a %I %p %F %T")
        == "Sat 12 AM 2000-01-01 00:00:00")
    #expect(throws: (any Error).self) { try TemplateTime.now.formatted("%Q") }
  }
}
