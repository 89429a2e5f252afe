#!/usr/bin/env python3
"""Checks, on made-up pages, what is made of episodes: that of vary.py and drills.py the word that is asked for is where
the click goes, and what is typed; and that guide.py has heads look at the like of what they are at.
"""

import random
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
from drills import copying, finding  # noqa: E402
from guide import Guide  # noqa: E402
from stream import NAMES, Stream, byte_pieces  # noqa: E402
from vary import Step, Variety, moved, owners  # noqa: E402


class Letters(Stream):
    """A stream whose codes are letters, without a codebook."""

    def __init__(self):
        order = {piece: i for i, piece in enumerate(sorted(byte_pieces()))}
        self.byte = [order[piece] for piece in byte_pieces()]
        self.of_byte = {i: b for b, i in enumerate(self.byte)}
        self.control = {name: 256 + i for i, name in enumerate(NAMES)}
        self.image = 256 + len(NAMES)
        self.x, self.y = self.control["<x:0>"], self.control["<y:0>"]


def episode(stream: Stream, words: list[str], asked: str) -> tuple[str, list[Step]]:
    """A list of words and a button; the word is clicked, then typed."""
    shown = [(word, 31, 61 + 20 * i) for i, word in enumerate([*words, "Submit"])]
    groups = [tuple(stream.image + ord(c) for c in word) + tuple(stream.place(x, y)) for word, x, y in shown]
    boxes = [[word, x - 9, y - 5, x + 9, y + 5] for word, x, y in shown]
    actions = [("click", *shown[words.index(asked)][1:]), ("type", asked)]
    steps = [Step(a, groups, boxes, owner=owners(stream, groups, boxes)) for a in actions]
    return f"Select {asked} and click Submit.", steps


def main() -> None:
    stream, chance, changed = Letters(), random.Random(1), 0
    words = ["".join(chance.choice("abcdefghijkl") for _ in range(5)) for _ in range(40)]
    lists = [chance.sample(words, 4) for _ in range(10)]
    episodes = [episode(stream, some, some[1]) for some in lists]
    variety = Variety(episodes)
    for task, steps in episodes * 5:
        made = variety.varied(chance, task, steps)
        if not made:
            continue
        other, again = made
        again = moved(chance, stream, again) if chance.random() < 0.5 else again
        asked = other.split()[1]
        changed += other != task
        there = [g for g in again[0].groups if stream.points(list(g[-2:]))[0] == again[0].action[1:]]
        assert ["".join(chr(i - stream.image) for i in g[:-2]) for g in there] == [asked], (other, there)
        assert again[1].action == ("type", asked) and other.endswith("click Submit."), other
    assert changed > 20, changed
    letters = {stream.image + ord(c): stream.byte[ord(c)] for c in "abcdefghijklSubmit"}
    for task, steps in episodes:
        for number, step in enumerate(steps):
            last = [s.action for s in steps[:number]]
            ids = stream.prompt(task, [], last, [], step.groups) + stream.answer([step.action])
            check_drills(stream, letters, chance, ids, step.action[0] == "type")


def check_drills(stream: Stream, letters: dict[int, int], chance: random.Random, ids: list[int], types: bool) -> None:
    shown = {i: chr(stream.of_byte[b]) for i, b in letters.items()} | {i: chr(b) for i, b in stream.of_byte.items()}
    looks = Guide(stream, letters).queries(ids, 0)
    assert all(shown[ids[row]] == shown[ids[low]] for row, _, low, _ in looks["word"]) and looks["word"]
    aims = "letter" if types else "place"
    assert all(ids[row + 1] == ids[low] for row, _, low, _ in looks[aims]) and looks[aims]
    copy, found = copying(stream, ids, chance), finding(stream, ids, letters, chance)
    assert (copy is not None) == types
    if copy:
        typed = "".join(shown[i] for i in copy[copy.index(stream.control["<type>"]) + 1 : -1])
        task = "".join(shown.get(i, "|") for i in copy)
        assert f"Select {typed} and" in task and len(copy) < len(ids), task
    if found:
        task = "".join(shown.get(i, "|") for i in found)
        asked = task[task.index('"') + 1 :].split('"')[0]
        place = found[found.index(stream.control["<click>"]) + 1 :][:2]
        groups = [i for i in range(len(found)) if found[i : i + 2] == place]
        assert task[groups[0] - len(asked) : groups[0]] == asked, task


if __name__ == "__main__":
    main()
