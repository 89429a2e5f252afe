#!/usr/bin/env python3
"""Writes the Unicode tables of SpudTokens: Sources/SpudTokens/Text/UnicodeClassTable.swift and CanonicalTable.swift.

Every fact is asked of the `tokenizers` package, one code point at a time, because its ids are the ones to reproduce:
its regular expressions and its normalizer follow different versions of Unicode (printed, and written into the files).

Run from the repository root: .venv/bin/python Scripts/goldens/unicode_tables.py
"""

import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

ROOT = Path(__file__).resolve().parents[2]
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
# A letter that each version introduced, to name the version of a table.
FIRST_LETTER = {10: 0x0860, 11: 0x0560, 12: 0x0E86, 13: 0x08C7, 14: 0x0870, 15: 0x31350, 16: 0x1C89, 17: 0x323B0}
# A combining mark that each version introduced.
FIRST_MARK = {9: 0x08D4, 10: 0x0D3B, 11: 0x07FD, 12: 0x0EBA, 13: 0x1ABF, 14: 0x0898}


def matched(pattern):
    """The scalars that the package's regular expressions match with `pattern`."""
    splitter = pre_tokenizers.Split(Regex(pattern), "removed")
    found = set()
    for start in range(0, len(SCALARS), 4096):
        block = SCALARS[start : start + 4096]
        kept = set("".join(piece for piece, _ in splitter.pre_tokenize_str("".join(map(chr, block)))))
        found.update(c for c in block if chr(c) not in kept)
    return found


def words():
    """The scalars of `\\w` in the package's added-token rules (Rust's regex crate, as its Whitespace splitter has
    it)."""
    splitter = pre_tokenizers.Whitespace()
    return {c for c in SCALARS if splitter.pre_tokenize_str("a" + chr(c) + "!")[0][0] == "a" + chr(c)}


def ranges(scalars):
    """`41-5A 61-7A AA …`"""
    out, run = [], []
    for c in sorted(scalars):
        if run and c == run[-1] + 1:
            run[1:] = [c]
        else:
            out.append(run)
            run = [c]
    out.append(run)
    return ["-".join(f"{c:X}" for c in run) for run in out if run]


def literal(name, doc, items):
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) + 1 > 112:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item
    lines.append(line)
    body = "".join(f"    {line}\n" for line in lines)
    return f'  /// {doc}\n  static let {name} = """\n{body}    """\n'


def write(name, doc, fields):
    head = f"// Written by Scripts/goldens/unicode_tables.py with tokenizers {tokenizers.__version__}; do not edit.\n\n"
    text = head + doc + f"enum {name} {{\n" + "\n".join(fields) + "}\n"
    path = ROOT / f"Sources/SpudTokens/Text/{name}.swift"
    path.write_text(text)
    print(path.relative_to(ROOT), len(text), "bytes", text.count("\n"), "lines")


def class_table():
    letters, numbers, spaces, word = matched(r"\p{L}"), matched(r"\p{N}"), matched(r"\s"), words()
    version = max(v for v, c in FIRST_LETTER.items() if c in letters)
    assert version == max(v for v, c in FIRST_LETTER.items() if c in word), "\\w and \\p{L} disagree about the version"
    insensitive = pre_tokenizers.Split(Regex("(?i:'s|'t|'re|'ve|'m|'ll|'d)"), "removed")
    folded = {
        c
        for c in SCALARS
        if c > 127
        for tail in ("", "e", "l")
        if not insensitive.pre_tokenize_str("'" + chr(c) + tail)
    }
    assert folded == {0x17F}, f"the scanner knows only U+017F as another form of s, found {folded}"
    doc = f"/// Character classes of Unicode {version}, as the `tokenizers` package has them: ranges in hexadecimal.\n"
    write(
        "UnicodeClassTable",
        doc,
        [
            literal("letters", r"`\p{L}`.", ranges(letters)),
            literal("numbers", r"`\p{N}`.", ranges(numbers)),
            literal("spaces", r"`\s`.", ranges(spaces)),
            literal("words", r"`\w`.", ranges(word)),
            literal("uppercase", r"`[\p{Lu}\p{Lt}]`.", ranges(matched(r"[\p{Lu}\p{Lt}]"))),
            literal("lowercase", r"`\p{Ll}`.", ranges(matched(r"\p{Ll}"))),
            literal("marks", r"`\p{M}`.", ranges(matched(r"\p{M}"))),
        ],
    )


def canonical_table():
    nfd, nfc = normalizers.NFD().normalize_str, normalizers.NFC().normalize_str
    hangul = range(0xAC00, 0xD7A4)
    full = {c: nfd(chr(c)) for c in SCALARS if nfd(chr(c)) != chr(c)}
    entries = []

    def expand(c):
        step = one_step.get(c)
        return chr(c) if step is None else "".join(expand(s) for s in step)

    one_step = {}
    for c in full:
        if c in hangul:
            continue
        one_step[c] = [int(part, 16) for part in unicodedata.decomposition(chr(c)).split()]
    for c, step in one_step.items():
        assert expand(c) == full[c], hex(c)
        composes = nfc(full[c]) == chr(c)
        assert not composes or len(step) == 2
        entries.append(f"{c:X}{'=' if composes else '>'}" + "+".join(f"{s:X}" for s in step))

    # The class of each mark, from which others it changes places with; one known mark stands for each class.
    representative = {}
    for c in SCALARS:
        k = unicodedata.combining(chr(c))
        if k and c not in full and nfd(chr(c) + "\u0334") + nfd("\u0345" + chr(c)) != chr(c) + "\u0334\u0345" + chr(c):
            representative.setdefault(k, chr(c))
    classes = {}
    for c in SCALARS:
        mark = chr(c)
        if c in full or (nfd(mark + "\u0334") == mark + "\u0334" and nfd("\u0345" + mark) == "\u0345" + mark):
            continue
        k = unicodedata.combining(mark)
        for other, r in representative.items():
            assert (nfd(mark + r) != mark + r) == (other < k), hex(c)
            assert (nfd(r + mark) != r + mark) == (other > k), hex(c)
        classes[c] = k
    version = max(v for v, c in FIRST_MARK.items() if c in classes)
    by_class = []
    for k in sorted(set(classes.values())):
        by_class.append(f"{k}:" + ",".join(ranges({c for c, v in classes.items() if v == k})))
    doc = (
        "/// Canonical decompositions and combining classes, as the normalizer of the `tokenizers` package has them\n"
        f"/// (the marks of Unicode {version}; what a character composes to never changes once it is assigned).\n"
    )
    write(
        "CanonicalTable",
        doc,
        [
            literal(
                "decompositions", "One step: `=` composes again, `>` does not; Hangul follows by arithmetic.", entries
            ),
            literal("combiningClasses", "Class, then its marks.", sum((long(e) for e in by_class), [])),
        ],
    )


def long(entry):
    """Splits a class with many marks into several entries, to keep lines short."""
    head, marks = entry.split(":")
    marks = marks.split(",")
    return [head + ":" + ",".join(marks[i : i + 8]) for i in range(0, len(marks), 8)]


def single(pieces, text):
    """Whether a splitter makes one piece of a text."""
    return len(pieces.pre_tokenize_str(text)) == 1


def normalizer_tables():
    nfd, nfkd, lower = (n.normalize_str for n in (normalizers.NFD(), normalizers.NFKD(), normalizers.Lowercase()))
    strip, bare = normalizers.Strip().normalize_str, normalizers.StripAccents().normalize_str
    compatible = {c: nfkd(chr(c)) for c in SCALARS if nfkd(chr(c)) != nfd(chr(c))}
    doc = (
        "/// Compatibility decompositions, as the normalizer of the `tokenizers` package has them, "
        "where they differ from\n"
        "/// the canonical ones.\n"
    )
    write(
        "CompatibilityTable",
        doc,
        [
            literal(
                "decompositions",
                "Complete: `A=B+C`, or `A-B=C` for a run of scalars that become the run from C.",
                mapped(compatible),
            ),
        ],
    )
    lowered = {c: lower(chr(c)) for c in SCALARS if lower(chr(c)) != chr(c)}
    digits, punctuation = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation()
    spaces = matched(r"\s")
    assert (
        {c for c in SCALARS if strip(chr(c) + "b") == "b"}
        == spaces
        == {c for c in SCALARS if len(pre_tokenizers.WhitespaceSplit().pre_tokenize_str(f"a{chr(c)}b")) == 2}
    )
    doc = (
        "/// What the normalizers and pre-tokenizers of the `tokenizers` package ask of a character beside its class.\n"
    )
    write(
        "NormalizerTable",
        doc,
        [
            literal(
                "lowercase",
                "As `CompatibilityTable.decompositions`; `A-B/2=C` is every second scalar.",
                mapped(lowered),
            ),
            literal(
                "accents",
                "What `StripAccents` takes away.",
                ranges({c for c in SCALARS if bare(f"a{chr(c)}b") == "ab"}),
            ),
            literal(
                "numerals",
                "What `Digits` takes for a digit.",
                ranges({c for c in SCALARS if not single(digits, f"a{chr(c)}b")}),
            ),
            literal(
                "punctuation",
                "What `Punctuation` cuts at.",
                ranges({c for c in SCALARS if not single(punctuation, f"a{chr(c)}b")}),
            ),
        ],
    )


def mapped(table):
    """`A=B+C` for each scalar; `A-B=C` for runs, and `A-B/2=C` for runs of every second one, that become runs."""
    items, out, i = sorted(table.items()), [], 0
    while i < len(items):
        (c, text), best, step = items[i], i, 1
        for by in (1, 2):
            j = i
            while (
                len(text) == 1
                and j + 1 < len(items)
                and items[j + 1][0] == items[j][0] + by
                and len(items[j + 1][1]) == 1
                and ord(items[j + 1][1]) == ord(items[j][1]) + by
            ):
                j += 1
            if j > best:
                best, step = j, by
        run = "" if best == i else f"-{items[best][0]:X}" + ("/2" if step == 2 else "")
        out.append(f"{c:X}{run}=" + "+".join(f"{ord(t):X}" for t in text))
        i = best + 1
    return out


class_table()
canonical_table()
normalizer_tables()
