"""The same episodes with other words: each word that the screen shows as one group of marks becomes another that the
page has shown, there and in the task and in what is typed; and all places are moved a little.

Which word is asked for is then never which word was asked for before, so that an agent must compare letters. What means
something stays: figures, single letters, and words that many of the page's episodes show.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass, field

from stream import BINS, Stream

COMMON = 0.25  # a word in more of a page's episodes than this is a label
SHARE = 0.8  # of the words that may change, how many do


@dataclass
class Step:
    """What one look saw, and what was done: groups as ids, the words of the page, and each word's group where it is
    one."""

    action: tuple
    groups: list[tuple[int, ...]]
    words: list
    plan: list = field(default_factory=list)
    stray: bool = False
    owner: dict[int, int] = field(default_factory=dict)  # the group of each word, by their indices


def within(box: list, centres: list[tuple[int, int]]) -> list[int]:
    """Which centres lie within a word's bounds: left, top, right, bottom."""
    left, top, right, bottom = box
    return [i for i, (x, y) in enumerate(centres) if left - 1 <= x <= right + 1 and top - 1 <= y <= bottom + 1]


def owners(stream: Stream, groups: list[tuple[int, ...]], words: list) -> dict[int, int]:
    """The group of each word that is one group alone."""
    centres = [stream.points(list(g[-2:]))[0] for g in groups]
    found = {}
    for number, (text, *box) in enumerate(words):
        inside = within(box, centres)
        if len(inside) == 1 and len(groups[inside[0]]) - 2 <= len(text) + 1:
            found[number] = inside[0]
    taken = Counter(found.values())
    return {number: group for number, group in found.items() if taken[group] == 1}


def ending(word: str) -> str:
    return word[len(word.rstrip(".,:;")) :]


def replaced(text: str, word: str, other: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: other, text)


def mentions(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def scrambled(chance: random.Random, word: str) -> str:
    """Letters and figures for letters and figures."""
    kinds = ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789")
    return "".join(next((chance.choice(k) for k in kinds if c in k), c) for c in word)


class Variety:
    """The words of some episodes of one page, and other episodes made of them."""

    def __init__(self, episodes: list[tuple[str, list[Step]]]):
        self.pool: dict[str, dict[str, tuple[int, ...]]] = {}
        shown: Counter[str] = Counter()
        for task, steps in episodes:
            texts = {w[0] for s in steps for w in s.words} | set(re.findall(r"\w+", task))
            shown.update(texts)
            for step in steps:
                for number, group in step.owner.items():
                    word = step.words[number][0]
                    self.pool.setdefault(ending(word), {})[word] = step.groups[group][:-2]
        self.labels = {w for w, n in shown.items() if n > COMMON * len(episodes)}
        typed = [s.action[1] for _, steps in episodes for s in steps if s.action[0] == "type"]
        self.typed = sorted({t for t in typed if re.fullmatch(r"[A-Za-z]\w+", t)})

    def free(self, word: str) -> bool:
        bare = word.rstrip(".,:;")
        return len(bare) > 1 and bare.isalnum() and not bare.isdigit() and word not in self.labels

    def changes(self, chance: random.Random, task: str, steps: list[Step]) -> dict[str, str]:
        """Which words become which: those of the screens, and those that are typed as the task spells them."""
        words = {w[0] for s in steps for w in s.words}
        whole = {n for s in steps for n in (s.words[i][0] for i in s.owner)}
        split = {s.words[i][0] for s in steps for i in range(len(s.words)) if i not in s.owner}
        typed = [s.action[1] for s in steps if s.action[0] == "type"]
        taken = {w.lower().rstrip(".,:;") for w in words} | set(re.findall(r"\w+", task.lower()))
        made: dict[str, str] = {}
        for word in sorted(whole - split):
            bare = word.rstrip(".,:;")
            alike = [w for w in words if w != word and bare.lower() in w.lower()]
            partly = [t for t in typed if t != bare and (t.lower() in bare.lower() or bare.lower() in t.lower())]
            asked = mentions(task, bare) or bare.lower() in task.lower()
            if not self.free(word) or partly or asked and (alike or not mentions(task, word)):
                continue
            others = [o for o in self.pool[ending(word)] if self.free(o) and o.lower().rstrip(".,:;") not in taken]
            if others and chance.random() < SHARE:
                made[word] = chance.choice(others)
                taken.add(made[word].lower().rstrip(".,:;"))
        chance.shuffle(typed)
        for text in typed:
            spelled = next((w for w in re.findall(r"\w+", task) if w.lower() == text.lower()), None)
            if spelled and self.free(text) and text not in made and not any(text in w for w in words):
                other = chance.choice(self.typed) if self.typed and chance.random() < 0.5 else scrambled(chance, text)
                if other.lower() not in taken:
                    for form in (str, str.lower, str.upper):
                        made.setdefault(form(spelled), form(other))
                        made.setdefault(form(text), form(other))
                    break  # one alone: screens go on to show what was typed, so the episode ends there
        return made

    def varied(self, chance: random.Random, task: str, steps: list[Step]) -> tuple[str, list[Step]] | None:
        """An episode with other words; None where no word can change. It ends where a word is typed that only the task
        and the screens after it show."""
        made = self.changes(chance, task, steps)
        if not made:
            return None
        for word, other in made.items():
            task = replaced(task, word, "\0" + other)  # \0: what was put there is not put again
        result = []
        for step in steps:
            groups, words, action = list(step.groups), [list(w) for w in step.words], step.action
            for number, group in step.owner.items():
                other = made.get(words[number][0])
                if other:
                    groups[group] = self.pool[ending(other)][other] + groups[group][-2:]
            for w in words:
                w[0] = made.get(w[0], w[0])
            last = False
            if action[0] == "type":
                last = action[1] in made and not any(action[1] == w[0] for w in step.words)
                action = ("type", made.get(action[1], action[1]))
            result.append(Step(action, groups, words, step.plan, step.stray, step.owner))
            if last:
                break
        return task.replace("\0", ""), result


def moved(chance: random.Random, stream: Stream, steps: list[Step]) -> list[Step]:
    """Episodes whose screens lie a few bins to a side."""
    ids = [g[-2:] for s in steps for g in s.groups]
    if not ids:
        return steps
    left, right = min(x for x, _ in ids) - stream.x, max(x for x, _ in ids) - stream.x
    top, bottom = min(y for _, y in ids) - stream.y, max(y for _, y in ids) - stream.y
    dx = chance.randint(-min(6, left), min(6, max(0, BINS - 48 - right)))
    dy = chance.randint(-min(3, max(0, top - 25)), min(10, max(0, BINS - 23 - bottom)))

    def place(values: tuple) -> tuple:
        return tuple(v + 2 * (dy if i % 2 else dx) for i, v in enumerate(values))

    return [
        Step(
            (s.action[0], *place(s.action[1:])) if s.action[0] in ("click", "drag", "press") else s.action,
            [g[:-2] + (g[-2] + dx, g[-1] + dy) for g in s.groups],
            [[w[0], w[1] + 2 * dx, w[2] + 2 * dy, w[3] + 2 * dx, w[4] + 2 * dy] for w in s.words],
            [place(tuple(p)) for p in s.plan],
            s.stray,
            s.owner,
        )
        for s in steps
    ]
