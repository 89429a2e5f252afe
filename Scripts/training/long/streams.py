"""Long streams with facts in them, and questions about these at the end.

A fact is a code of three digits, a picture of one thing, or a sound of two digits, each under a key of two words; what
stands between the facts is words that mean nothing. *Needles* are few facts in much of that; *pairs* are facts alone,
as many as there is room for. An answer repeats the key before what it says of it, so that finding the key again is all
that there is to reading a code.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

KINDS = ["code", "picture", "sound"]
QUESTIONS = {
    "code": "what is the code of {}?", "picture": "what is in the picture of {}?",
    "sound": "what is said in the sound of {}?"}
ANSWERS = {"code": "the code of {} is {}.", "picture": "the picture of {}: {}.", "sound": "the sound of {}: {}."}
USED = set("""the what was said there and picture sound code red orange yellow green cyan blue purple pink circle square
triangle star cross ring zero one two three four five six seven eight nine""".split())


@dataclass
class Fact:
    kind: str
    key: str
    value: str
    ids: np.ndarray | None = None  # the medium, in its marks
    number: int = -1  # which of the pool's


@dataclass
class Stream:
    """Parts of one prompt, and questions with their answers."""

    parts: list[str | Fact] = field(default_factory=list)
    questions: list[Fact] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)  # in the order of nothing

    @property
    def text_parts(self) -> list[str | Fact]:
        """Texts joined, between them the media."""
        joined: list[str | Fact] = []
        for part in self.parts:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += " " + part
            else:
                joined.append(part)
        return joined


class Maker:
    """Makes streams from a tokenizer's words and a folder of packed media."""

    def __init__(self, model: Path, media: Path, tokenizer: Path):
        v = json.loads((model / "vocabulary.json").read_text())
        first = v["control"]["first"]
        self.control = {n: first + i for i, n in enumerate(v["control"]["tokens"])}
        self.spoken = v["image"]["first"]  # ids of text and marks come before those of codes
        self.size = v["image"]["residual"]["first"] + v["image"]["residual"]["count"]
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        pieces = json.loads(tokenizer.read_text())["model"]["vocab"]
        words = [t[1:] for t in pieces if re.fullmatch("Ġ[a-z]{3,}", t) and t[1:] not in USED]
        self.words = sorted(words)
        shard = load_file(media / "media.safetensors")
        labels = (media / "media.skills").read_text().splitlines()
        self.media: dict[str, list[tuple[str, np.ndarray, int]]] = {"picture": [], "sound": []}
        for number, label in enumerate(labels):
            kind, _, value = label.partition("/")
            ids = shard["tokens"][shard["offsets"][number]:shard["offsets"][number + 1]]
            begin, end = (self.control[m] for m in
                          (("<image>", "</image>") if kind == "picture" else ("<audio>", "</audio>")))
            span = ids[int(np.argmax(ids == begin)):int(np.argmax(ids == end)) + 1]
            self.media[kind].append((value, span, number))

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def fact(self, rng: np.random.Generator, taken: set[str], kinds: list[str]) -> Fact:
        while (key := " ".join(rng.choice(self.words, 2))) in taken:
            pass
        taken.add(key)
        kind = str(rng.choice(kinds))
        if kind == "code":
            return Fact(kind, key, "".join(map(str, rng.integers(0, 10, 3))))
        value, ids, number = self.media[kind][rng.integers(len(self.media[kind]))]
        return Fact(kind, key, value, ids, number)

    def filler(self, rng: np.random.Generator) -> str:
        return " ".join(rng.choice(self.words, rng.integers(6, 14))) + "."

    def parts(self, fact: Fact) -> list[str | Fact]:
        if fact.kind == "code":
            return [ANSWERS["code"].format(fact.key, fact.value)]
        return [f"the {fact.kind} of {fact.key}:", fact]

    def stream(self, rng: np.random.Generator, length: int, questions: float, dense: bool | None = None,
               kinds: list[str] = KINDS) -> Stream:
        """A stream of about `length` ids before its questions. questions: how many, or up to 1 which share of the
        facts."""
        dense = bool(rng.random() < 0.5) if dense is None else dense
        facts, taken, room, made = [], set(), length, []
        count = 10**6 if dense else max(3, int(rng.integers(3, 13)))
        while room > 30 and len(facts) < count:
            facts.append(self.fact(rng, taken, kinds))
            made.append(self.parts(facts[-1]))
            room -= 14 + (len(facts[-1].ids) if facts[-1].ids is not None else 0)
        while room > 15:
            made.append([self.filler(rng)])
            room -= 14
        rng.shuffle(made)
        count = max(2, round(questions * len(facts))) if questions <= 1 else questions
        asked = [facts[i] for i in rng.permutation(len(facts))[:count]]
        return Stream([part for parts in made for part in parts], asked, facts)

    def ids(self, stream: Stream) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The ids of a conversation; which of them an answer says [L]; and where a sentence begins [L]."""
        c = self.control
        ids, said, begins = [c["<bos>"], c["<user>"]], [False, False], [False, True]

        def put(more: list[int], is_said: bool = False) -> None:
            begins.extend([not is_said] + [False] * (len(more) - 1))
            ids.extend(more)
            said.extend([is_said] * len(more))

        parts = [*stream.parts]
        for number, fact in enumerate(stream.questions):
            question = QUESTIONS[fact.kind].format(fact.key)
            if number == 0:
                parts.append(question)
                for part in Stream(parts).text_parts:
                    put(self.encode(part) if isinstance(part, str) else part.ids.tolist())
            else:
                put([c["<user>"], *self.encode(question)])
            put([c["<end>"], c["<assistant>"]])
            put([*self.encode(ANSWERS[fact.kind].format(fact.key, fact.value)), c["<end>"]], True)
        return np.array(ids, np.int64), np.array(said), np.array(begins)
