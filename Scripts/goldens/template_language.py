#!/usr/bin/env python3
"""What Jinja, set up as transformers does, makes of single constructs: writes Tests/SpudTemplatesTests/Fixtures/language.json.

Run it from the repository root with the interpreter of .venv.
"""

import json

import transformers.utils.chat_template_utils as chat_template_utils

VARIABLES = {
    "s": "Hello, World", "u": "ÉCOLE straße ΌΣΟΣ 😀", "e": "", "sp": " \t a  b\n c \u00a0", "n": 7, "m": -7, "f": 2.5, "z": 0,
    "t": True, "no": False, "nil": None, "l": [3, 1, 2], "w": ["b", "A", "c", "a"], "d": {"b": 1, "A": 2, "a": {"x": "y"}},
    "o": [{"k": "x", "v": 2, "on": True}, {"k": "y", "v": 1}, {"k": "x", "v": None, "in": {"deep": 5}}],
    "html": "<a href=\"x\">'&'</a>", "q": "it's \"q\"\n\\ \u200b\x07", "big": 123456789012345678901234567890, "lines": "a\r\nb\n\nc",
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4 // 3 % 2 | (1 + 2) * 3 | 7 / 2 | 8 / 2 | n // 2 | m // 2 | m % 3 | 7 % -3 | 2 ** 10 | 2 ** -1 | -n | +n | --n | -f
f * 2 | f // 1 | 5.0 % 3 | 1e3 | 1.5e-7 | 1e16 | 123456789.0 | 0.1 + 0.2 | 1_000 | 0x1f | 0b101 | 0o17 | t + 1 | 1 if t else 2
1 == 1.0 | 1 == true | '1' == 1 | none == false | undefined_thing == undefined_thing | [1, 2] == [1, 2] | (1, 2) == [1, 2]
1 < 2 < 3 | 1 < 3 < 2 | 'a' < 'b' | 'Z' < 'a' | [1, 2] < [1, 3] | 1 <= 1 | 'a' >= 'b' | d == d | l != [3, 1, 2] | 1 < 2.5
'ell' in s | 'x' not in s | 1 in l | 9 not in l | 'b' in d | 'zz' in d | 1 in undefined_thing | not t | not not t | t and n | z or 'x' | e or nil or 'y'
z and 1 | no or no | s ~ n ~ f ~ t ~ nil ~ l ~ d | 'a' 'b' | "a\tb\n\x41\u00e9\101\q" | 'it\'s' | s + '!' | 'ab' * 3 | 3 * 'ab' | [1] * 2 | l + [4]
s[0] | s[-1] | s[99] | s[1:4] | s[:-1] | s[::-1] | s[::2] | s[-3:] | s[5:2] | u[1] | u[-1] | u[::-1] | l[0] | l[-1] | l[5] | l[1:] | l[::-1] | (1, 2, 3)[1:]
d.b | d['b'] | d.a.x | d['a']['x'] | d.missing | d['missing'] | o[0].k | o.0.k | o[2]['in'].deep | d.items | d.keys() | d.get('b') | d.get('zz') | d.get('zz', 5)
nil | t | no | 1 | 1.0 | l | d | w | (1,) | (1, 2) | () | [] | {} | [none, true, 1.5, 'x'] | {'a': [1, {'b': (2,)}]} | q | [q] | [u] | [sp] | big | [big] | f | [f]
x if no | (x if no) is defined | s if t | 'a' if no else 'b' if no else 'c' | undefined_thing | undefined_thing is defined | s is defined | s is undefined
s is string | n is string | n is number | t is number | f is float | n is integer | t is integer | t is boolean | nil is none | s is none | l is sequence | s is sequence
d is sequence | d is mapping | l is mapping | l is iterable | n is iterable | undefined_thing is iterable | undefined_thing is sequence | t is true | 1 is true | no is false
n is odd | n is even | n is divisibleby 7 | n is divisibleby(2) | n is eq 7 | n is equalto(7) | n is ne 8 | n is gt 3 | n is lt 3 | n is ge 7 | n is le 6 | 1 is in [1, 2] | s is not none
'abc' is lower | 'ABC' is upper | 'Abc' is lower | n is sameas 7 | nil is sameas none | range is callable | s is callable | d.get is callable | html is escaped | s is string and n is number
s | upper | s | lower | u | upper | u | lower | u | capitalize | u | title | s | title | s | capitalize | 'hello wORLD-foo (bar' | title | "they're bill's" | title
sp | trim | 'xxaxx' | trim('x') | s | replace('l', 'L') | s | replace('l', 'L', 1) | 'abc' | replace('', '-') | s | length | l | length | d | length | u | length | undefined_thing | length | l | count
l | join | l | join(', ') | w | join('-') | o | join(',', attribute='k') | d | join | 'abc' | join('.') | [1, none, true] | join('|')
l | first | l | last | s | first | s | last | [] | first | d | first | l | sort | w | sort | w | sort(reverse=true) | w | sort(case_sensitive=true) | o | sort(attribute='k') | map(attribute='k') | list
l | sort | list | l | reverse | list | s | reverse | w | unique | list | ['a', 'A', 'b'] | unique | list | ['a', 'A'] | unique(case_sensitive=true) | list | o | map(attribute='k') | unique | list
l | min | l | max | w | min | [] | max | l | sum | o[:2] | sum(attribute='v') | l | sum(start=10) | w | map('upper') | list | w | map('replace', 'a', 'x') | list | o | map(attribute='zz') | list
o | map(attribute='zz', default='?') | list | o | map(attribute='in.deep', default=0) | list | o | selectattr('on') | list | o | rejectattr('on') | map(attribute='v') | list
o | selectattr('k', 'equalto', 'x') | list | length | o | selectattr('k', 'eq', 'x') | map(attribute='v') | list | o | selectattr('v', 'none') | list | length | o | rejectattr('v', 'none') | list | length
l | select | list | [0, 1, none, ''] | select | list | l | select('odd') | list | l | reject('odd') | list | l | select('gt', 1) | list | nil | select | list | nil | map('upper') | list
d | dictsort | d | dictsort(true) | d | dictsort(reverse=true) | {'a': 2, 'b': 1} | dictsort(false, 'value') | d | items | list | undefined_thing | items | list | d | list | s | list | l | list | (1, 2) | list
d | tojson | l | tojson | u | tojson | q | tojson | html | tojson | nil | tojson | t | tojson | f | tojson | big | tojson | d | tojson(indent=2) | [] | tojson(indent=2) | {} | tojson(indent=2) | o | tojson(indent=4)
[[], [1], {}] | tojson(indent=1) | d | tojson(sort_keys=true) | u | tojson(ensure_ascii=true) | d | tojson(separators=(',', ':')) | {1: 2, none: 3, true: 4} | tojson | (1, 2) | tojson | 1e-7 | tojson | 1e22 | tojson | 100.0 | tojson
s | default('x') | undefined_thing | default('x') | undefined_thing | d('x') | e | default('x') | e | default('x', true) | nil | default('x') | nil | default('x', boolean=true) | undefined_thing | default
'5' | int | ' 5 ' | int | '5.7' | int | 'x' | int | 'x' | int(3) | '0x1f' | int(base=16) | 5.9 | int | t | int | nil | int | '1.5' | float | 'x' | float | 'x' | float(2.0) | n | float | n | string | nil | string | l | string
m | abs | -2.5 | abs | 2.5 | round | 3.5 | round | 2.345 | round(2) | 2.5 | round(method='ceil') | 2.5 | round(0, 'floor') | 7 | round | 1234.5 | round(-2)
lines | indent | lines | indent(2) | lines | indent(2, true) | lines | indent(2, blank=true) | lines | indent('> ') | html | e | html | escape | html | safe | html | safe | string | ('<' | safe) + '<' | '<' + ('<' | safe) | ('<' | safe) ~ '<'
'%s is %d' | format('x', 3) | '%s' % s | '%s-%s' % (1, 2) | '%d%%' % 5 | '{} {}'.format(1, 'b') | '{0}{1}{0}'.format('a', 'b') | '{x}!'.format(x=s) | '{{}}'.format() | '{d.b}'.format(d=d)
'abc def ghi' | wordcount | 'a' | center(5) | 'ab' | center(5) | 'abcdefghijklmnop' | truncate(8) | 'abc def ghi jkl' | truncate(9, false, '...', 0) | 'abcdefghijkl' | truncate(8, true) | 'abc' | truncate(3)
l | batch(2) | list | l | batch(2, 0) | list | l | slice(2) | list | l | slice(2, 'x') | list | o | groupby('k') | map('first') | list | o | groupby('k') | map('last') | map('length') | list
s.upper() | s.lower() | u.upper() | u.lower() | s.title() | "they're x2y".title() | u.capitalize() | u.swapcase() | sp.strip() | sp.lstrip() | sp.rstrip() | 'xxaxx'.strip('x') | 'abcab'.rstrip('ba') | 'abc'.lstrip('ab')
s.split() | s.split(', ') | s.split('l') | s.split('l', 1) | s.rsplit('l', 1) | sp.split() | 'a b c d'.split(None, 2) | 'a  b '.split(' ') | ''.split() | ''.split('x') | 'abc'.split('b', maxsplit=0) | s.split(',')[0]
s.startswith('He') | s.startswith(('x', 'H')) | s.endswith('ld') | s.endswith('x') | s.replace('l', 'L') | s.replace('l', 'L', 2) | s.find('l') | s.find('z') | s.rfind('l') | u.find('straße') | s.index('W') | s.count('l') | 'aaa'.count('aa') | 'ab'.count('')
'-'.join(['a', 'b']) | lines.splitlines() | lines.splitlines(true) | s.partition(', ') | s.rpartition('l') | s.partition('zz') | s.rpartition('zz') | 'abc'.removeprefix('a') | 'abc'.removesuffix('bc') | 'abc'.removeprefix('x')
'12'.isdigit() | '1a'.isdigit() | ''.isdigit() | 'abc'.isalpha() | 'ab1'.isalnum() | ' '.isspace() | 'a b'.islower() | 'AB'.isupper() | '12'.isnumeric() | '12'.isdecimal() | 'é'.isascii() | '5'.zfill(3) | '-5'.zfill(4) | 'a'.ljust(3) ~ '|' | 'a'.rjust(3, '.') | 'a'.center(4, '*') | 'a'.center(5, '*')
d.items() | list | d.keys() | list | d.values() | list | dict(a=1, b=2) | dict({'x': 1}, y=2) | range(3) | list | range(1, 4) | list | range(5, 0, -2) | list | namespace(a=1).a | l.index(1) | l.count(1) | (1, 2).index(2)
[1, 2, 3,] | {'a': 1,} | (1, 2,) | 1, 2 | l[n - 6] | d[('a')] | [l[0], d.b] | {'k' ~ 1: 'v'}['k1'] | s | upper | lower | s[0] | upper | (s | upper)[0] | not s == 'x' | -1 | abs | 1 if n is odd and n > 3 else 0 | n is not divisibleby 2
l is defined and l | n in [7, 8] | 'a' in ['a'] and 'b' not in ['a'] | (n > 3) | string | 'x' ~ (n > 3) | 1 + 1 ~ 2 | 2 * 3 ~ 4 | '1' + 2 ~ '3' | 2 + 3 | string | s | default('x') | length | 10 - 2 - 3 | 100 // 7 // 2 | 2 ** 3 ** 2
true | false | True | None | none is none | 'A' if none else 'B' | loop is defined | strftime_now('%d %b %Y %H:%M:%S %A %a %B %j %p %I %y %m %-d') | s|attr('upper') is callable | d.zz | default({}) | length
nil + 1 | s + 1 | 1 + 'x' | undefined_thing.x | undefined_thing + 1 | nil.x | nil.x.y | n.x | l.append(4) | d.update({}) | s.nope | s.nope() | undefined_thing() | n() | l | nope | n is nope | nil | length | n | list | n | join | 1 / 0 | 1 // 0 | 1 % 0
1 < 'x' | 'a' < none | 1 in 'abc' | [] in {} | {[]: 1} | raise_exception('x') | s.split('') | s.index('zz') | {} < {} | undefined_thing | tojson | range(1, 2, 0) | [1, 'a'] | sort | [[1]] | unique | list | -s | l.pop() | namespace(_x=1) | d.pop('b') | dict(1)
"""

TEMPLATES = [
    # White space around tags.
    "a\n  {% if true %}\n  b\n  {% endif %}\nc", "a {% if true %} b {% endif %} c", "  {% if true %}x{% endif %}  \n y",
    "a\n  {%- if true -%}\n  b\n  {%- endif -%}\n c", "a\n  {%+ if true %}\n  b{% endif +%}\nc", "a  {{- 1 -}}  b", "a\n{{ 1 }}\nb",
    "a\n  {# note #}\nb", "a {#- note -#} b", "{% set x = 1 %}\n{% set y = 2 %}\n{{ x }}{{ y }}\n", "a\n\n", "a\n", "\n\na\r\nb\rc\r\n",
    "  {{ 1 }}  \n  {% if true %}  \n{% endif %}", "x{% if true %}\n\ny{% endif %}", "{% if true %} {% if true %} a{% endif %}{% endif %}",
    "{% raw %}{{ x }} {% if %}{% endraw %}!", "a\n  {% raw %}\n  b\n  {% endraw %}\nc", "{%- raw -%}  b  {%- endraw -%} c", "{{ '}}' }}{{ \"%}\" }}",
    "{{ {'a': {'b': 1}}['a']['b'] }}", "{{'a'}}{{-'b'-}}\n{{'c'}}", "\t{% if true %}\n\tx\n\t{% endif %}\n", "a\u00a0{%- if true %}x{% endif %}",
    "{# a #}\n{# b #}\nx", "x {# multi\nline #}\n y", "{% if true -%}\n\n  a{% endif %}", "{% if true %}a{% else %}b{% endif %}\n\nc",
    # Loops.
    "{% for x in l %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "{% for x in [] %}a{% else %}none{% endfor %}",
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem }}<{{ x }}<{{ loop.nextitem }} {% endfor %}", "{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{{ loop.last }} {% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for c in u %}[{{ c }}]{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% else %}z{% endfor %}",
    "{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}", "{% for (a, b) in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for x in undefined_thing %}a{% else %}b{% endfor %}", "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for x in n %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}",
    # Scopes.
    "{% set x = 1 %}{% for i in l %}{% set x = i %}{{ x }}{% endfor %}{{ x }}", "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% for i in l %}{{ x }}{% set x = i %}{{ x }} {% endfor %}", "{% set ns = namespace(a=1, b='x') %}{% for i in l %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set x %}a{{ n }}b{% endset %}{{ x | upper }}", "{% set x | upper | trim %} a{{ n }}b {% endset %}{{ x }}", "{% set s = s ~ '!' %}{{ s }}",
    "{% set x = 1, 2 %}{{ x }}", "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% set l = l[1:] %}{% for x in l %}{{ x }}{% endfor %}", "{% set ns = namespace({'q': 1}) %}{{ ns.q }}",
    "{% for i in l %}{% if loop.first %}{% set y = i %}{% endif %}{{ y }}{% endfor %}", "{% set n.x = 1 %}", "{% set ns = namespace() %}{% set ns.l = [] %}{% for x in l %}{% set ns.l = ns.l + [x] %}{% endfor %}{{ ns.l }}",
    # Conditions.
    "{% if n > 5 %}a{% elif n > 3 %}b{% else %}c{% endif %}", "{% if no %}a{% elif n > 3 %}b{% else %}c{% endif %}", "{% if no %}a{% elif no %}b{% else %}c{% endif %}", "{% if s and l and d %}y{% endif %}",
    "{% if e %}{% else %}empty{% endif %}", "{% if o | selectattr('k', 'eq', 'zz') %}generators are true{% endif %}", "{% if not undefined_thing %}y{% endif %}", "{% if n in (7, 8) %}y{% endif %}",
    # Macros.
    "{% macro m(a, b=2, c=none) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c=4) }}{{ m(b=1, a=2) }}{{ m() }}", "{% macro m() %}  x  {% endmacro %}[{{ m() | trim }}]",
    "{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x=2) }}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro m() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ m() }}", "{% for x in l %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% macro m() %}{{ loop is defined }}{% endmacro %}{% for x in [1] %}{{ m() }}{% endfor %}", "{% macro m(a, b=a ~ '!') %}{{ b }}{% endmacro %}{{ m('x') }}", "{% macro w(t) %}<{{ caller(t) }}>{% endmacro %}{% call(x) w('a') %}{{ x }}{{ n }}{% endcall %}",
    "{% macro w() %}<{{ caller() }}>{% endmacro %}{% call w() %}in{% endcall %}", "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m({'x': 1}) }}", "{% macro m(a) %}{% set a = 2 %}{{ a }}{% endmacro %}{{ m(1) }}", "{{ m() }}{% macro m() %}x{% endmacro %}",
    "{% macro m(a) -%}\n  {{ a }}\n{%- endmacro %}{{ m(1) ~ m(2) }}", "{% macro m(*a) %}{% endmacro %}", "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(**{'a': 3, 'b': 4}) }}",
    # Others.
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aXa{% endfilter %}", "{% generation %}\n a {{ n }}\n{% endgeneration %}\nb", "{{ 1, 2 }}", "{{ s if true }}{{ s if false }}", "{{ [1, 2] | map('string') | join(',') }}",
    "{% if x is defined and x %}a{% else %}b{% endif %}", "{{ 'a\nb' }}", "{{ s\n | upper }}", "{{ 'a' ~\n'b' }}", "{{ d.items() | map('first') | join(',') }}", "{% set _ = 1 %}{{ _ }}", "{{ {} | tojson }}{{ [] | tojson }}", "{% set x = o | map(attribute='k') %}{{ x | join }}{{ x | join }}",
    "{% set it = l | map('string') %}{% for x in it %}{{ x }}{% endfor %}{% for x in it %}{{ x }}{% else %}gone{% endfor %}", "{% for x in l | map('string') %}{{ loop.length }}{{ x }}{% endfor %}",
    # What is no template.
    "{% if %}{% endif %}", "{% if true %}", "{{ 1", "{% endif %}", "{{ }}", "{% for x %}{% endfor %}", "{{ 1 2 }}", "{% set %}", "{{ 'a }}", "{# a", "{% raw %}a", "{% nope %}", "{{ a b }}", "{{ (1 }}", "{{ 1) }}", "{{ [1}} ]", "{% break %}", "{{ 'a' is }}", "{{ a.}}", "{{ | upper }}",
    "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% for x in l recursive %}{{ x }}{% endfor %}",
]


class Clock(chat_template_utils.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 5, 14, 7, 9)


def expressions():
    """The expressions above. `|` is both Jinja's pipe and the separator, so a part joins the one before if it is a filter."""
    environment = chat_template_utils._compile_jinja_template("").environment
    for line in EXPRESSIONS.strip().splitlines():
        current = None
        for part in line.split(" | "):
            name = part.split("(")[0].strip()
            is_filter = current is not None and (name in environment.filters or name == "nope")
            # 'string', 'list' and the like are filters; what only looks like one stands at a line's start.
            if is_filter:
                current += " | " + part
            else:
                if current is not None:
                    yield current
                current = part
        yield current


def main():
    chat_template_utils.datetime = Clock
    cases = []
    for source in ["{{ " + expression + " }}" for expression in expressions()] + TEMPLATES:
        case = {"source": source}
        try:
            case["text"] = chat_template_utils._compile_jinja_template(source).render(**VARIABLES)
        except Exception as error:
            case["fails"] = type(error).__name__
        # What prints an address of an object says nothing.
        if " object at 0x" not in case.get("text", "") and "built-in method" not in case.get("text", ""):
            cases.append(case)
    with open("Tests/SpudTemplatesTests/Fixtures/language.json", "w", encoding="utf-8") as file:
        json.dump({"variables": VARIABLES, "cases": cases}, file, ensure_ascii=False, indent=0)
        file.write("\n")
    print(f"{len(cases)} cases, {sum('fails' in case for case in cases)} of them fail")


if __name__ == "__main__":
    main()
