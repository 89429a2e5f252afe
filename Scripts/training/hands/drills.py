"""Short exercises made of examples, each of one skill that whole examples teach slowly: to type what a task spells, to
find words among others of the same letters, and to halve the way between two places.

Each is a stream of 40 to 120 ids where the example has 200 to 380.
"""

import random
import re
import string

from stream import BINS, Stream

KINDS = (string.ascii_lowercase, string.ascii_lowercase, string.ascii_uppercase, string.ascii_letters + string.digits)
SHOWN = 12  # ids of the screen that stay where it does not matter


def spelled(chance: random.Random) -> str:
    return "".join(chance.choices(chance.choice(KINDS), k=chance.randint(1, 9)))


def text(stream: Stream, ids: list[int]) -> str:
    return bytes(stream.of_byte[i] for i in ids if i in stream.of_byte).decode(errors="replace")


def parts(stream: Stream, ids: list[int]) -> tuple[str, list[list[int]], list[int], list[int]]:
    """Task, last actions, the screen's ids and the answer's of an example."""
    c = stream.control
    opens, closes, answer = ids.index(c["<screen>"]), ids.index(c["</screen>"]), ids.index(c["<assistant>"]) + 1
    end = next(i for i in range(2, opens + 1) if ids[i] >= 256)
    stop = ids.index(c["<before>"]) if c["<before>"] in ids[:opens] else opens
    starts = [i for i in range(end, stop) if ids[i] == c["<last>"]]
    last = [ids[a:b] for a, b in zip(starts, [*starts[1:], stop])]
    return text(stream, ids[2:end]), last, ids[opens + 1 : closes], ids[answer:-1]


def example(stream: Stream, task: str, last: list[list[int]], screen: list[int], answer: list[int]) -> list[int]:
    c = stream.control
    between = [i for part in last for i in part]
    return [c["<bos>"], c["<user>"], *stream.text(task), *between, c["<screen>"], *screen, c["</screen>"], c["<end>"],
            c["<assistant>"], *answer, c["<end>"]]  # fmt: skip


def groups(stream: Stream, screen: list[int]) -> list[list[int]]:
    """Each group's ids, its place last."""
    made, group = [], []
    for i in screen:
        group.append(i)
        if stream.y <= i < stream.image:
            made.append(group)
            group = []
    return made


def copying(stream: Stream, ids: list[int], chance: random.Random) -> list[int] | None:
    """An example that types a word of its task, with other letters there and in what was typed before, and little of
    its screen. None where it types something else."""
    c = stream.control
    if ids[ids.index(c["<assistant>"]) + 1] != c["<type>"]:
        return None
    task, last, screen, answer = parts(stream, ids)
    typed = text(stream, answer[1:])
    form = str.upper if "upper case" in task else str.lower if "lower case" in task else str
    said = [text(stream, part[2:]) for part in last if part[1] == c["<type>"]]
    words = {w for w in re.findall(r'"([^"]+)"', task)}
    words |= {w for w in (typed, *said) if w and re.search(rf"(?<!\w){re.escape(w)}(?!\w)", task)}
    if not any(form(w) == typed for w in words):
        return None
    others = {w: spelled(chance) for w in words}
    known = {form(w): form(others[w]) for w in words}
    pattern = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    task = re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", lambda m: others[m[0]], task)
    for number, part in enumerate(last):
        if part[1] == c["<type>"]:
            was = text(stream, part[2:])
            last[number] = [*part[:2], *stream.text(known.get(was, was))]
    shown = screen[:SHOWN]
    while shown and not stream.y <= shown[-1] < stream.image:
        shown.pop()
    return example(stream, task, last, shown, [c["<type>"], *stream.text(known[typed])])


def finding(stream: Stream, ids: list[int], letters: dict[int, int], chance: random.Random) -> list[int] | None:
    """Up to three words to be found among up to eight of the screen, some with their letters in another order.
    letters: the ids of codes that show a letter, and the letter's."""
    c = stream.control
    words = [g for g in groups(stream, parts(stream, ids)[2]) if len(g) > 3 and all(i in letters for i in g[:-2])]
    if len(words) < 3:
        return None
    some = [words[i] for i in sorted(chance.sample(range(len(words)), min(len(words), chance.randint(3, 8))))]
    if chance.random() < 0.5:
        some = [[*some[0][:-2], *g[-2:]] if chance.random() < 0.4 else g for g in some]
    some = [[*chance.sample(g[:-2], len(g) - 2), *g[-2:]] if chance.random() < 0.5 else g for g in some]
    spelt = [text(stream, [letters[i] for i in g[:-2]]) for g in some]
    single = [n for n, word in enumerate(spelt) if spelt.count(word) == 1]
    if not single:
        return None
    asked = chance.sample(single, min(len(single), chance.randint(1, 3)))
    task = "Find " + ", ".join(f'"{spelt[n]}"' for n in asked)
    answer = [i for n in asked for i in (c["<click>"], *some[n][-2:])]
    return example(stream, task, [], [i for g in some for i in g], answer)


def halving(stream: Stream, ids: list[int], chance: random.Random) -> list[int] | None:
    """The first step of find-midpoint with the two points elsewhere. A point is seen a bin before it is."""
    task, last, screen, answer = parts(stream, ids)
    if "mid-point" not in task:
        return None
    shown = groups(stream, screen)
    if last or answer[0] != stream.control["<click>"] or shown[0][:-2] != shown[1][:-2]:
        return None
    a, b = ((chance.randint(0, 75), chance.randint(25, 89)) for _ in range(2))
    for group, (x, y) in zip(shown, sorted((a, b), key=lambda p: p[1])):  # groups are read from above
        group[-2:] = [stream.x + x, stream.y + y]
    middle = [max(0, int((p + q) / 2 - 0.6)) for p, q in zip(a, b)]
    answer = [answer[0], stream.x + min(middle[0], BINS - 1), stream.y + min(middle[1], BINS - 1)]
    return example(stream, task, [], [i for g in shown for i in g], answer)
