#!/usr/bin/env python3
"""Writes the fixtures of the text tokenizers' parity tests: Tests/SpudTokensTests/Fixtures/Text/.

Trains small tokenizers with the `tokenizers` package, one for each pre-tokenizer, and records the ids that the package
gives to strings. Most strings come from a generator that the tests have too (`strings` here, `ParityCorpus` there), so
that the fixtures hold only a hash of the ids of each; those in `corpus.json` under "literals" come with all ids.

Run from the repository root: .venv/bin/python Scripts/goldens/text.py
"""

import json
import struct
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = Path(__file__).resolve().parents[2] / "Tests/SpudTokensTests/Fixtures/Text"
COUNT = 10_500
MASK = (1 << 64) - 1

WORDS = """the of and a to in is you that it he was for on are as with his they I at be this have from or one had by
word but not what all were we when your can said there use an each which she do how their if will up other about out
many then them these so some her would make like him into time has look two more write go see number no way could
people my than first water been call who oil its now find long down day did get come made may part over new sound take
only little work know place year live me back give most very after thing our just name good sentence man think say
great where help through much before line right too mean old any same tell boy follow came want show also around form
three small set put end does another well large must big even such because turn here why ask went men read need land
different home us move try kind hand picture again change off play spell air away animal house point page letter mother
answer found study still learn should America world it's I'm you're we've he'll she'd DON'T WE'LL I'VE can't 'Twas
red green blue yellow circle square star triangle picture sound colour""".split()
FRAGMENTS = [
    "👨‍👩‍👧‍👦", "🏳️‍🌈", "👩🏽‍🚀", "🇩🇪🇫🇷", "🤷🏻‍♂️", "e\u0301", "é", "ﬁ", "ſ", "'ſ", "’s", "'S", "'LL", "'Ll", "'re", "'d",
    "'D'",
    "Z̸̢̛̝͓̲̮͓̓a̵̡͙̓l̷̻̈́͝g̸̙̈ơ̴͔̺", "שָׁלוֹם", "مرحبا بالعالم", "\u202eabc\u202c", "नमस्ते", "สวัสดี", "こんにちは世界",
    "한국어", "\u1112\u1161\u11ab",
    "Ελληνικά", "Привет", "½", "Ⅷ", "²", "١٢٣", "१२३", "𝟘𝟙", "一二三", "\ufeff", "\x00", "\x7f", "\u200b", "\u00ad",
    "\ufffd", "\u1680",
    "http://example.org/a?b=c&d=%20", "foo_bar(baz, 42);\n", "    if x == 1:\n\t\treturn\r\n", "a.b@c.de", "1,234.56",
    "3.14159", "0x1F",
    "\r\n", "\r", "\n\n", " \n", "\n ", "\t", "  ", "   ", "\u00a0", "\u3000", "\u2028", "\u0085", " \u00a0 ", "...",
    "--", "!?!", "\"", "''",
    "Å", "\u212b", "A\u030a", "\u2126", "\u0344", "\u0340", "\u0958", "\ufb1d", "\u1e9b\u0323", "q\u0307\u0323",
    "\u0323\u0307d", "\uac00\u11a8", "\u1100\u1161",
]
# First and last scalar of the blocks that the generator draws from.
BLOCKS = [
    (0x20, 0x7E), (0x20, 0x7E), (0x30, 0x39), (0x00, 0x1F), (0x80, 0xFF), (0x100, 0x24F), (0x300, 0x36F),
    (0x370, 0x3FF), (0x400, 0x4FF),
    (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1FFF),
    (0x2000, 0x206F), (0x2100, 0x218F),
    (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xA640, 0xA69F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB00, 0xFDFF),
    (0xFE00, 0xFE0F),
    (0x1D400, 0x1D7FF), (0x1F300, 0x1F6FF), (0x20000, 0x2FA1F), (0xE000, 0x10FFFF),
]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "</image>"]
PLAIN = ["<think>", "</think>", "<|lstrip|>", "<|rstrip|>", "<|both|>", "wörd", "Ünïcode\u0301", "    ", "  "]
# Cases worth reading in full.
LITERALS = [
    "", " ", "  ", "\n", "\r\n", "\r\n\r\n \r\n", "a", " a", "a ", "  a  b", "Hello, world!",
    "I'll say it's 'quoted' y'all'd've",
    "WE'RE DON'T I'M 'S 'ſ", "12345678 1 22 333 4444", "x\u0000y", "\ufeffBOM", "tab\tand\u00a0nbsp\u3000wide",
    "trailing   ", "   leading",
    "a\n\n\nb", "a \n \n b", "\n \n", "!!!\n\n\nnext", "foo  \n  bar\r\n\r\nbaz", "emoji 👨‍👩‍👧‍👦 and 🇩🇪",
    "\u202eright to left\u202c",
    "e\u0301 é", "Z̸̢̛̝͓̲̮͓̓a̵̡͙̓l̷̻̈́͝g̸̙̈ơ̴͔̺", "שלום עולם", "日本語のテキスト", "한글 \u1112\u1161\u11ab", "١٢٣ ½ Ⅷ ²",
    "a\u0315\u0300\u05ae\u0300b",
    "<|endoftext|>", "a<|endoftext|>b", "<|im_start|>user\n<image></image><|im_end|>", "<|endoftext",
    "<|endoftext|><|endoftext|>",
    "  <|lstrip|>  x", "x  <|rstrip|>  y", "x \n <|both|> \t y", " <|both|> <|both|> ", "<think>hm</think>",
    "wörd swörd wörds a wörd.", "wörd",
    "Ünïcode\u0301 U\u0308ni\u0308code\u0301 Ünïcodé", "<|END|>", "≪image≫ ＜image＞", "<ima\u200bge>", "&lt;image&gt;",
    "\u037e\u1fef\u2000",
]
# Each run, and the same of a fiftieth of the length.
RUNS = [["A", 1_000_000], [" ", 1_000_000], ["\n", 1_000_000], ["1", 1_000_000], [".", 1_000_000], ["a ", 300_000],
        ["\u0301", 200_000],
        ["e\u0301", 100_000], ["\r\n", 300_000], ["ab", 300_000], ["'", 300_000], ["👍", 100_000], [" \n", 300_000],
        ["<", 300_000], ["中", 100_000]]


class Random:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def next(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % bound


def scalar(random):
    first, last = BLOCKS[random.next(len(BLOCKS))]
    value = first + random.next(last - first + 1)
    return chr(value if not 0xD800 <= value < 0xE000 else 0x41)


def strings(count, seed):
    """Strings of words, fragments, scalars of chosen blocks, digits, white space and added tokens."""
    random = Random(seed)
    for _ in range(count):
        parts = []
        for _ in range(random.next(14)):
            kind = random.next(16)
            if kind < 6:
                parts.append(" " if random.next(4) else "")
                parts.append(WORDS[random.next(len(WORDS))])
            elif kind < 9:
                parts.append(FRAGMENTS[random.next(len(FRAGMENTS))])
            elif kind < 13:
                parts.extend(scalar(random) for _ in range(1 + random.next(6)))
            elif kind < 14:
                parts.extend(str(random.next(10)) for _ in range(1 + random.next(8)))
            elif kind < 15:
                parts.extend(" \n\r\t"[random.next(4)] for _ in range(1 + random.next(5)))
            else:
                tokens = SPECIAL + PLAIN
                parts.append(tokens[random.next(len(tokens))])
        yield "".join(parts)


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CASELESS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


LETTERS = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CAPITALS = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
CASED = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{CAPITALS}*{LETTERS}+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{CAPITALS}+{LETTERS}*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def trained(pre_tokenizer, normalizer, size, seed):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(strings(3000, seed), trainer)
    return tokenizer


def add_tokens(tokenizer):
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.add_tokens([AddedToken("<|lstrip|>", lstrip=True, normalized=False),
                          AddedToken("<|rstrip|>", rstrip=True)])
    tokenizer.add_tokens([AddedToken("<|both|>", lstrip=True, rstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("wörd", single_word=True), AddedToken("Ünïcode\u0301", normalized=True)])
    tokenizer.add_tokens([AddedToken("    "), AddedToken("  ", normalized=False)])


def metaspace(size):
    """As Llama 2 and Mixtral spell SentencePiece's byte-pair encoding."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>"] + byte_tokens, limit_alphabet=300, max_token_length=12,
        show_progress=False)
    texts = (text for text in strings(3000, 9) if not any(token in text for token in SPECIAL))
    tokenizer.train_from_iterator(texts, trainer)
    state = json.loads(tokenizer.to_str())
    # The 256 are ordinary entries of the vocabulary in the files of the models.
    state["added_tokens"] = [t for t in state["added_tokens"] if t["content"] not in byte_tokens]
    return Tokenizer.from_str(json.dumps(state))


def legacy_merges(tokenizer):
    """The same tokenizer, with merges as files before 2024 spell them."""
    state = json.loads(tokenizer.to_str())
    state["model"]["merges"] = [" ".join(pair) for pair in state["model"]["merges"]]
    return state


def tokenizers():
    gpt2 = trained(pre_tokenizers.ByteLevel(add_prefix_space=False), None, 1200, 1)
    add_tokens(gpt2)
    yield "gpt2", gpt2, legacy_merges(gpt2)

    qwen2 = trained(split(CASELESS % r"\p{N}"), normalizers.NFC(), 1400, 2)
    add_tokens(qwen2)
    yield "qwen2", qwen2, json.loads(qwen2.to_str())

    llama3 = trained(split(CASELESS % r"\p{N}{1,3}"), None, 1400, 3)
    state = json.loads(llama3.to_str())
    # Words that are tokens only as a whole: no merge makes them.
    state["model"]["ignore_merges"] = True
    for word in ["Ġcolourful", "Ġspokesperson", "1234", "Ġcolour"]:
        state["model"]["vocab"].setdefault(word, len(state["model"]["vocab"]))
    llama3 = Tokenizer.from_str(json.dumps(state))
    add_tokens(llama3)
    llama3.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|im_start|> $A <|im_end|>", pair=None,
            special_tokens=[(t, llama3.token_to_id(t)) for t in ("<|im_start|>", "<|im_end|>")]),
    ])
    yield "llama3", llama3, json.loads(llama3.to_str())

    cased = trained(split(CASED), None, 1000, 6)
    add_tokens(cased)
    yield "cased", cased, json.loads(cased.to_str())

    prefixed = trained(pre_tokenizers.ByteLevel(add_prefix_space=True), None, 400, 4)
    add_tokens(prefixed)
    yield "prefixed", prefixed, json.loads(prefixed.to_str())

    for name, pre_tokenizer, normalizer in cuts():
        tokenizer = trained(pre_tokenizer, normalizer, 450, 5)
        # Where steps take characters away, the package panics on some strings with added tokens.
        if name in ("digits", "spaced"):
            add_tokens(tokenizer)
        yield name, tokenizer, json.loads(tokenizer.to_str())

    spaced = metaspace(1500)
    spaced.add_special_tokens(SPECIAL)
    yield "metaspace", spaced, json.loads(spaced.to_str())


def cuts():
    """Cuts in several steps and changes of the text: those of StarCoder and SmolLM, and what is like them."""
    p, n = pre_tokenizers, normalizers
    byte_level = p.ByteLevel(add_prefix_space=False, use_regex=False)
    yield "digits", p.Sequence([p.Digits(individual_digits=True), p.ByteLevel(add_prefix_space=False)]), n.NFKC()
    yield ("folded", p.Sequence([p.Punctuation("contiguous"), p.Digits(individual_digits=False),
                                 p.ByteLevel(add_prefix_space=False)]),
           n.Sequence([n.NFKD(), n.StripAccents(), n.Lowercase(), n.Strip()]))
    yield "parted", p.Sequence([p.WhitespaceSplit(), p.Punctuation(), byte_level]),\
        n.Sequence([n.NFD(), n.Strip(right=False)])
    yield "spaced", p.Sequence([p.Whitespace(), byte_level]), n.Lowercase()


def digest(ids):
    """FNV-1a over the ids as 32-bit little-endian words, folded to 32 bits."""
    value = 0xCBF29CE484222325
    for i in ids:
        value = ((value ^ i) * 0x100000001B3) & MASK
    return (value ^ value >> 32) & 0xFFFFFFFF


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    corpus = list(strings(COUNT, 2026))
    goldens = {
        "count": COUNT, "seed": 2026, "words": WORDS, "fragments": FRAGMENTS, "blocks": BLOCKS,
        "tokens": SPECIAL + PLAIN,
        "literals": LITERALS, "runs": RUNS, "tokenizers": {},
    }
    for name, tokenizer, state in tokenizers():
        (OUT / f"{name}.json").write_text(json.dumps(state, ensure_ascii=False, separators=(",", ":")) + "\n")
        hashes = []
        record = {}
        for special in (False, True):
            tokenizer.encode_special_tokens = not special

            def ids(text, tokenizer=tokenizer):
                return tokenizer.encode(text, add_special_tokens=False).ids

            hashes += [digest(ids(text)) for text in corpus]
            key = "special" if special else "plain"
            record[key] = [ids(text) for text in LITERALS]
            for divisor, suffix in ((1, "_runs"), (50, "_short_runs")):
                record[key + suffix] = [digest(ids(text * (count // divisor))) for text, count in RUNS]
        (OUT / f"{name}.hashes").write_bytes(struct.pack(f"<{len(hashes)}I", *hashes))
        goldens["tokenizers"][name] = record
        print(name, tokenizer.get_vocab_size(), "tokens")
    (OUT / "corpus.json").write_text(json.dumps(goldens, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
