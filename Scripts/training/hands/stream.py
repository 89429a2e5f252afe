"""The stream of the hands: task, last actions and screens as ids, and ids as actions. README.md has the layout."""

import json
from pathlib import Path

import screen
from codes import Codebook
from episode import KEYS, Action

BIN, BINS = 2, 128  # pixels of a bin of places; bins along each axis, as many as a screen of 256 pixels needs
LAST, BEFORE = 4, 16  # the actions and the vanished groups that a turn repeats
NAMES = [
    "<pad>",
    "<bos>",
    "<end>",
    "<user>",
    "<assistant>",
    "<image>",
    "</image>",
    "<audio>",
    "</audio>",
    "<video>",
    "</video>",
    "<frame>",
    "<think>",
    "</think>",
] + [f"<size:{i}>" for i in range(1, 33)]
NAMES += [
    "<screen>",
    "</screen>",
    "<before>",
    "<last>",
    "<click>",
    "<press>",
    "<drag>",
    "<type>",
    "<key>",
    "<done>",
    "<alert>",
]
NAMES += [f"<key:{k}>" for k in KEYS] + [f"<x:{i}>" for i in range(BINS)] + [f"<y:{i}>" for i in range(BINS)]


def byte_pieces() -> list[str]:
    """How byte-level pieces are spelled, by byte: printable ones as themselves, the others from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(other)) for b in range(256)]


class Stream:
    def __init__(self, folder: Path):
        self.codebook = Codebook.load(folder)
        pieces = byte_pieces()
        order = {piece: i for i, piece in enumerate(sorted(pieces))}
        self.byte = [order[p] for p in pieces]  # each byte's id
        self.of_byte = {i: b for b, i in enumerate(self.byte)}
        self.control = {name: 256 + i for i, name in enumerate(NAMES)}
        self.image = 256 + len(NAMES)
        self.size = (
            self.image + len(self.codebook.patches) + 1
        )  # and one code of a sound, which the vocabulary's form asks for
        self.x, self.y = self.control["<x:0>"], self.control["<y:0>"]

    def vocabulary(self) -> dict:
        """vocabulary.json."""
        codes = len(self.codebook.patches)
        return {
            "schema": 1,
            "text": {"first": 0, "count": 256},
            "control": {"first": 256, "tokens": NAMES},
            "image": {"first": self.image, "count": codes, "patch": screen.SIDE},
            "audio": {"first": self.image + codes, "levels": 1, "codes_per_level": 1, "frames_per_second": 25},
        }

    def text(self, text: str) -> list[int]:
        return [self.byte[b] for b in text.encode()]

    def place(self, x: int, y: int) -> list[int]:
        return [self.x + min(max(x // BIN, 0), BINS - 1), self.y + min(max(y // BIN, 0), BINS - 1)]

    def action(self, action: Action) -> list[int]:
        kind, *rest = action
        ids = [self.control[f"<{kind}>"]]
        if kind in ("click", "press", "drag"):
            for i in range(0, len(rest), 2):
                ids += self.place(*rest[i : i + 2])
        elif kind == "key":
            ids.append(self.control[f"<key:{rest[0]}>"])
        elif rest:
            ids += self.text(rest[0])
        return ids

    def groups(self, pixels) -> list[tuple[int, ...]]:
        """A screen's groups, each as its ids: the codes of its marks, then its place."""
        return [
            tuple(self.image + self.codebook.code(screen.patch(pixels, m)) for m in g.marks)
            + tuple(self.place(*g.centre()))
            for g in screen.read(pixels)
        ]

    def prompt(
        self, task: str, plan: list, last: list[Action], before: list[tuple[int, ...]], now: list[tuple[int, ...]]
    ) -> list[int]:
        """All that comes before an answer. before, now: the groups of the last two screens."""
        c = self.control
        ids = [c["<bos>"], c["<user>"], *self.text(task)]
        if plan:
            ids += self.plan(plan)
        for action in last[-LAST:]:
            ids += [c["<last>"], *self.action(action)]
        gone = [g for g in before if g not in set(now)][:BEFORE]
        if gone:
            ids += [c["<before>"], *(i for g in gone for i in g)]
        return ids + [c["<screen>"], *(i for g in now for i in g), c["</screen>"], c["<end>"], c["<assistant>"]]

    def listing(self, ids: list[int], letters: dict[int, int], most: int = 20) -> list[int]:
        """An exercise on the screen of an example: to point at its groups in order, and to spell those of letters
        alone.

        letters: the ids of codes that show a letter, and the letter's.
        """
        c = self.control
        first, last = ids.index(c["<screen>"]), ids.index(c["</screen>"])
        made, group = [], []
        for i in ids[first + 1 : last]:
            if i >= self.image:
                group.append(i)
            elif i < self.y:
                x = i
            else:
                made.append([c["<click>"], x, i])
                if all(g in letters for g in group):
                    made[-1] += [c["<type>"], *(letters[g] for g in group)]
                group = []
        return [
            c["<bos>"],
            c["<user>"],
            *self.text("List"),
            *ids[first : last + 1],
            c["<end>"],
            c["<assistant>"],
            *(i for m in made[:most] for i in m),
            c["<end>"],
        ]

    def plan(self, plan: list) -> list[int]:
        return [self.control["<think>"], *(i for p in plan for i in self.place(*p)), self.control["</think>"]]

    def answer(self, actions: list[Action], plan: list = ()) -> list[int]:
        return (
            (self.plan(plan) if plan else []) + [i for a in actions for i in self.action(a)] + [self.control["<end>"]]
        )

    def parse(self, ids: list[int]) -> tuple[list, Action | None]:
        """Plan and action of an answer; None where it is none."""
        c, plan, names = (
            self.control,
            [],
            {self.control[f"<{k}>"]: k for k in ("click", "press", "drag", "type", "key", "done", "alert")},
        )
        if ids and ids[0] == c["<think>"]:
            close = ids.index(c["</think>"]) if c["</think>"] in ids else len(ids)
            plan = self.points(ids[1:close])
            ids = ids[close + 1 :]
        if not ids or ids[0] not in names:
            return plan, None
        kind, rest = names[ids[0]], [i for i in ids[1:] if i != c["<end>"]]
        if kind in ("type", "alert"):
            return plan, (kind, bytes(self.of_byte[i] for i in rest if i in self.of_byte).decode(errors="replace"))
        if kind == "key":
            found = [k for k in KEYS if rest and c[f"<key:{k}>"] == rest[0]]
            return plan, ("key", found[0]) if found else None
        points = self.points(rest)
        wanted = {"click": 1, "press": 1, "drag": 2, "done": 0}[kind]
        return plan, (kind, *(v for p in points[:wanted] for v in p)) if len(points) >= wanted else None

    def points(self, ids: list[int]) -> list[tuple[int, int]]:
        """Places in pixels, the middles of bins, of pairs of an x and a y."""
        return [
            ((a - self.x) * BIN + 1, (b - self.y) * BIN + 1)
            for a, b in zip(ids[::2], ids[1::2])
            if 0 <= a - self.x < BINS and 0 <= b - self.y < BINS
        ]


def write_vocabulary(folder: Path) -> None:
    (folder / "vocabulary.json").write_text(json.dumps(Stream(folder).vocabulary(), indent=2) + "\n")
