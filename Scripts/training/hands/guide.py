"""Where heads of the hands shall look, while they learn (../nano/looks.py): at the letters of the task that a word of
the screen is like, at the next letter of what is typed, and at the place that is said."""

import re

import numpy as np
import torch
import torch.nn.functional as F
from nano.looks import Look, Query, batched, pick
from nano.model import Layer, Model, rms, rotate
from stream import Stream
from torch import Tensor

# Layer and head of each look. Heads 0 and 1 share their keys, as do 2 and 3.
PLACES = {"one": (0, 0), "two": (0, 2), "word": (2, 0), "letter": (3, 0), "place": (4, 0)}


def alike(marks: list[str], word: str) -> bool:
    """Whether a group may be a word: marks that are known to be letters, half of them or more, are its letters."""
    if len(marks) > len(word) and all(m in ".,:;" for m in marks[len(word) :]):
        marks = marks[: len(word)]
    known = sum(1 for m in marks if m)
    return len(marks) == len(word) and 2 * known >= len(word) and all(m.lower() in ("", c) for m, c in zip(marks, word))


class Guide:
    def __init__(self, stream: Stream, letters: dict[int, int]):
        """letters: the ids of codes that show a letter, and the letter's."""
        self.stream, c = stream, stream.control
        self.shown = {i: chr(stream.of_byte[b]) for i, b in letters.items()}
        self.opens, self.closes, self.answers = c["<screen>"], c["</screen>"], c["<assistant>"]
        self.types, self.clicks = c["<type>"], c["<click>"]

    def queries(self, ids: list[int], at: int) -> dict[str, list[Query]]:
        """Of an example that begins at `at` of its row."""
        s, found = self.stream, {name: [] for name in PLACES}
        opens, closes, answer = ids.index(self.opens), ids.index(self.closes), ids.index(self.answers) + 1
        end = next(i for i in range(2, opens + 1) if ids[i] >= 256)
        task = "".join(chr(s.of_byte[i]) for i in ids[2:end])

        def add(name: str, row: int, low: int) -> None:
            found[name].append((at + row, at, at + low, at + low + 1))

        def mentioned(word: str) -> int | None:
            match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", task, re.IGNORECASE)
            return match and match.start() + 2

        for back, name in ((1, "one"), (2, "two")):
            for row in range(back, len(ids), 3):
                add(name, row, row - back)
        spelt = [(m.start() + 2, m[0].lower()) for m in re.finditer(r"\w{2,}", task)]
        places, groups, begin = {}, [], opens + 1  # the first of a group's marks, by place
        for i in range(opens + 1, closes):
            if s.y <= ids[i] < s.image:
                places[ids[i - 1], ids[i]] = begin
                groups.append((begin, [self.shown.get(g, "") for g in ids[begin : i - 1]]))
                where = next((w for w, word in spelt if alike(groups[-1][1], word)), None)
                for j in range(len(groups[-1][1]) if where else 0):
                    add("word", begin + j, where + j)
                begin = i + 1
        group, i = None, answer
        while i < len(ids):
            if ids[i] == self.clicks and ids[i + 1 : i + 3]:
                group = places.get(tuple(ids[i + 1 : i + 3]))
                if group:
                    x = ids.index(ids[i + 1], group)
                    add("place", i, x)
                    add("place", i + 1, x + 1)
            elif ids[i] == self.types:
                stop = i + 1
                while ids[stop] < 256:
                    stop += 1
                text = "".join(chr(s.of_byte[b]) for b in ids[i + 1 : stop])
                source = group or (mentioned(text) if text else None)
                source = source or next((g for g, marks in groups if alike(marks, text.lower())), None)
                for j in range(len(text) if source else 0):
                    add("letter", i + j, source + j)
            i += 1
        return found

    def looks(self, rng: np.random.Generator, tokens: Tensor, segments: Tensor) -> list[Look]:
        """tokens, segments: [B, L], as Rows has them."""
        each = []
        for ids, segment in zip(tokens.tolist(), segments.numpy()):
            row = {name: [] for name in PLACES}
            ends = [0, *(np.flatnonzero(np.diff(segment)) + 1).tolist(), len(ids)]
            for a, b in zip(ends, ends[1:]):
                if segment[a]:
                    for name, some in self.queries(ids[a:b], a).items():
                        row[name] += some
            each.append({name: pick(rng, some) for name, some in row.items()})
        return batched(each, PLACES)


def loss(model: Model, looks: list[Look], tokens: Tensor, seen: list[Tensor]) -> Tensor:
    """tokens: [B, L]; seen: each layer's output, [B, L, H]. Queries and keys of the heads that are told are computed
    once more, so that the layers need not know of it."""
    cos, sin = model.rotary(torch.arange(tokens.shape[1]))
    total = torch.zeros(())
    for look in looks:
        layer: Layer = model.layers[look.layer]
        x = seen[look.layer - 1] if look.layer else F.embedding(tokens, model.embedding).float()
        c = layer.c
        h = rms(x, layer.norm1, c.rms_norm_eps).to(layer.qkv.dtype)
        groups, d = c.num_attention_heads // c.num_key_value_heads, c.head_dim
        key = c.num_attention_heads + look.head // groups
        q = F.linear(h, layer.qkv[look.head * d : (look.head + 1) * d])[:, :, None]
        k = F.linear(h, layer.qkv[key * d : (key + 1) * d])[:, :, None]
        q = rotate(rms(q, layer.q_norm, c.rms_norm_eps), cos, sin).to(h.dtype)[:, :, 0]
        k = rotate(rms(k, layer.k_norm, c.rms_norm_eps), cos, sin).to(h.dtype)[:, :, 0]
        total = total + look.loss(q, k)
    return total
