#!/usr/bin/env python3
"""What Jinja, set up as transformers does, makes of single constructs: writes
Tests/SpudTemplatesTests/Fixtures/language.json.

Run it from the repository root with the interpreter of .venv.
"""

import json
from pathlib import Path

import transformers.utils.chat_template_utils as chat_template_utils

VARIABLES = {
    "s": "Hello, World",
    "u": "ÉCOLE straße ΌΣΟΣ 😀",
    "e": "",
    "sp": " \t a  b\n c \u00a0",
    "n": 7,
    "m": -7,
    "f": 2.5,
    "z": 0,
    "t": True,
    "no": False,
    "nil": None,
    "l": [3, 1, 2],
    "w": ["b", "A", "c", "a"],
    "d": {"b": 1, "A": 2, "a": {"x": "y"}},
    "o": [{"k": "x", "v": 2, "on": True}, {"k": "y", "v": 1}, {"k": "x", "v": None, "in": {"deep": 5}}],
    "html": "<a href=\"x\">'&'</a>",
    "q": 'it\'s "q"\n\\ \u200b\x07',
    "big": 123456789012345678901234567890,
    "lines": "a\r\nb\n\nc",
}

FOLDER = Path(__file__).parent
EXPRESSIONS = (FOLDER / "template_expressions.txt").read_text(encoding="utf-8")
TEMPLATES = json.loads((FOLDER / "template_programs.json").read_text(encoding="utf-8"))


class Clock(chat_template_utils.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 5, 14, 7, 9)


def expressions():
    """The expressions. `|` is both Jinja's pipe and the separator, so a part joins the one before if it is a filter."""
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
