import SpudErrors
import Testing

@testable import SpudTemplates

@Suite("Templates that will not end")
struct TemplateLimitTests {
  static let endless: [String] = [
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s }}",
    "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}",
    "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}",
    "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l | tojson }}",
    "{% set n = namespace(l=[1], m=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% set n.m = [n.m, n.m] %}"
      + "{% endfor %}{{ n.l == n.m }}",
    "{% set n = namespace(l={}) %}{% for i in range(9999) %}{% set n.l = {'a': n.l} %}{% endfor %}{{ n.l }}",
    "{% set n = namespace(l=[]) %}{% for i in range(9999) %}{% set n.l = [1] | map('list') %}{% set n.l = [n.l] "
      + "| select %}"
      + "{% endfor %}{{ n.l }}{{ undefined.x }}",
    "{{ 'x' * 999999999999 }}", "{{ [1] * 999999999999 }}", "{{ range(999999999) }}", "{{ 9 ** 9 ** 9 ** 9 }}",
    "{{ 'x' | center(99999999999) }}", "{{ 'a' | indent(99999999999, true) }}",
    "{{ [1] | tojson(indent=99999999999) }}",
    "{{ range(99999) | list | tojson(separators=('x' * 99999, ':')) }}",
    "{{ ('a' * 9999) | replace('', 'b' * 9999) }}", "{{ ('a' * 9999).replace('a', 'b' * 9999) }}",
    "{{ ('ab' * 9999) | list | join('c' * 9999) }}",
    "{% for a in 'x' * 500000 %}{% for b in 'x' * 500000 %}{% endfor %}{% endfor %}",
    "{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
    "{% for i in range(99999) %}{% set x = ('a' * 99999) in ('a' * 999999) %}{% endfor %}",
    "{% for i in range(99999) %}{% set x = range(99999) | list | sort %}{% endfor %}",
    "{% for i in range(99999) %}{% set x %}{{ 'x' * 99999 }}{% endset %}{% endfor %}",
  ]

  @Test("each is stopped, with one sentence that names the template", arguments: endless)
  func stopped(_ source: String) throws {
    let message = try #require(failure(source), "\(source) ends")
    #expect(message.hasPrefix("template, line 1: "))
    #expect(message.utf8.count < 200)
  }

  static let deep: [String] = [
    String(repeating: "(", count: 5000),
    "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
    "{{ " + String(repeating: "[", count: 5000) + " }}", "{{ " + String(repeating: "-", count: 5000) + "1 }}",
    "{{ x" + String(repeating: ".a", count: 5000) + " }}", "{{ x" + String(repeating: "|list", count: 5000) + " }}",
    "{{ x" + String(repeating: "()", count: 5000) + " }}", "{{ 1" + String(repeating: " if 1", count: 5000) + " }}",
    "{{ 1" + String(repeating: " if 1 else 1", count: 5000) + " }}",
    String(repeating: "{% if 1 %}", count: 5000), String(repeating: "{% for a in b %}", count: 5000),
    "{% set " + String(repeating: "(", count: 5000) + "a = 1 %}",
  ]

  @Test("what nests without end in the source is refused or harmless", arguments: deep)
  func deepSource(_ source: String) throws {
    if source.hasPrefix("(") {
      #expect(try render(source) == source)
    } else {
      #expect(failure(source)?.contains("template, line 1") == true)
    }
  }

  @Test("long chains of one precedence are no nesting")
  func chains() throws {
    let sum = Array(repeating: "1", count: 5000).joined(separator: " + ")
    #expect(try render("{{ \(sum) }}") == "5000")
    let text = Array(repeating: "'a'", count: 5000).joined(separator: " ~ ")
    #expect(try render("{{ \(text) | length }}").utf8.count == 5000)
    let branches = (0..<2000).map { "{% elif x == \($0) %}\($0)" }.joined()
    #expect(try render("{% if false %}\(branches){% endif %}", #"{"x": 1999}"#) == "1999")
    #expect(try render("{{ \(Array(repeating: "not", count: 4001).joined(separator: " ")) x }}") == "True")
  }

  @Test("the largest integers overflow nothing")
  func extremes() throws {
    let (high, low) = ("9223372036854775807", "(-9223372036854775807 - 1)")
    for number in [high, low] {
      for source in [
        "{{ 'abc'[\(number)] }}", "{{ 'abc'[\(number):] }}", "{{ 'abc'[:\(number)] }}", "{{ 'abc'[::\(number)] }}",
        "{{ [1, 2][\(number)] }}", "{{ [1, 2][1:2:\(number)] }}", "{{ 'a'.center(\(number)) }}",
        "{{ '-a'.zfill(\(number)) }}", "{{ 'a' * \(number) }}", "{{ [1] * \(number) }}",
        "{{ 'abcdef' | truncate(\(number)) }}",
        "{{ 'abcdef' | truncate(3, true, '', \(number)) }}", "{{ 'a' | indent(\(number)) }}", "{{ \(number) // -1 }}",
        "{{ \(number) % -1 }}", "{{ -\(number) }}", "{{ \(number) | abs }}", "{{ \(number) | round(-3) }}",
        "{{ [1] | tojson(indent=\(number)) }}", "{{ 'a b'.split(' ', \(number)) }}",
        "{{ 'aa' | replace('a', 'b', \(number)) }}",
        "{{ range(\(number), \(number), \(number)) | list }}", "{{ range(1, 9, \(number)) | list }}",
        "{{ range(9, 1, \(number)) | list }}", "{{ [1] | batch(\(number)) | list }}", "{{ \(number) ** 2 }}",
        "{{ 2 ** \(number) }}",
      ] { _ = failure(source) }
    }
    #expect(
      try render("{{ 'abc'[\(low):\(high)] }}{{ 'abc'[::\(high)] }}{{ range(1, 9, \(high)) | list }}") == "abca[1]")
    #expect(try render("{{ range(9223372036854775805, 9223372036854775807, 5) | list | length }}") == "1")
  }

  @Test("limits are counted in steps, so they grow with the request")
  func limitsGrow() throws {
    let limits = TemplateLimits(inputBytes: 1 << 20)
    #expect(limits.steps > TemplateLimits().steps && limits.outputBytes > TemplateLimits().outputBytes)
    var small = TemplateLimits()
    small.steps = 50
    #expect(failure("{% for i in range(9) %}{{ i }}{% endfor %}", limits: small) == nil)
    #expect(failure("{% for i in range(90) %}{{ i }}{% endfor %}", limits: small)?.contains("50 steps") == true)
    small.outputBytes = 5
    #expect(failure("{{ 'abcdef' }}", limits: small)?.contains("more than 5 bytes") == true)
  }
}
