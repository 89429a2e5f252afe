#!/usr/bin/env python3
"""Demonstrations to shards of ids, the new ones only: for each step what the agent sees and does, and exercises in
reading the same screens.

    pack.py --demonstrations DIR --model MODEL --out DIR

An exercise asks where words of the screen stand, or what stands somewhere. The words come from the page, as the actions
do; what is asked of the model is to see them.
"""

import argparse
import io
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import numpy as np  # noqa: E402
from demonstrate import snapped  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402
from stream import Stream, write_vocabulary  # noqa: E402
from vary import Step, Variety, moved, owners, within  # noqa: E402


def exercises(stream: Stream, chance: random.Random, words: list, now: list[tuple[int, ...]]) -> list[list[int]]:
    """Streams that ask for places of words, or for the word at a place, half of them on a part of the screen alone.
    words: text, left, top, right, bottom."""
    if chance.random() < 0.5 and len(now) > 6:
        some = chance.randint(4, 24)
        first = chance.randint(0, max(0, len(now) - some))
        now = now[first : first + some]
    centres = [stream.points(list(g[-2:]))[0] for g in now]
    seen: dict[str, list[tuple[int, int]]] = {}
    for text, *box in words:
        inside = within(box, centres)
        seen.setdefault(text.strip(",.:;"), []).append(centres[inside[0]] if len(inside) == 1 else None)
    single = [(text, places[0]) for text, places in seen.items() if text and len(places) == 1 and places[0]]
    if not single:
        return []
    made = []
    some = chance.sample(single, min(len(single), chance.randint(1, 8)))
    prompt = stream.prompt("Find " + ", ".join(f'"{text}"' for text, _ in some), [], [], [], now)
    made.append(prompt + stream.answer([("click", *snapped(*place)) for _, place in some]))
    if chance.random() < 0.5:
        text, place = chance.choice(single)
        at = " ".join(str(v) for v in place)
        made.append(stream.prompt(f"Read {at}", [], [("click", *place)], [], now) + stream.answer([("type", text)]))
    return made


def pack(path: Path, stream: Stream, out: Path, share: float, variants: int) -> int:
    blob, chance = path.with_suffix(".bin").read_bytes(), random.Random(path.stem)
    examples, kinds, episodes = [], [], []
    for line in path.read_text().splitlines():
        record, steps = json.loads(line), []
        for step in record["steps"]:
            first, length = step["screen"]
            now = stream.groups(np.asarray(Image.open(io.BytesIO(blob[first : first + length])).convert("RGB")))
            words = step.get("words", [])
            steps.append(
                Step(
                    tuple(step["action"]), now, words, step.get("plan", []), "stray" in step, owners(stream, now, words)
                )
            )
        episodes.append((record["task"], steps))
    variety = Variety(episodes)
    more = []
    for task, steps in episodes:
        for number in range(variants):
            made = variety.varied(chance, task, steps)
            if made or number == 0:
                other, again = made or (task, steps)
                more.append((other, moved(chance, stream, again) if chance.random() < 0.5 or not made else again))
    for task, steps in episodes + more:
        plan, last, before = [], [], []
        for step in steps:
            if step.stray:
                last, before = [step.action], step.groups
                continue
            ids = stream.prompt(task, plan, last, before, step.groups)
            examples.append(ids + stream.answer([step.action], step.plan))
            kinds.append(0)
            if chance.random() < share / len(steps) ** 0.5:
                some = exercises(stream, chance, step.words, step.groups)
                examples += some
                kinds += [1] * len(some)
            plan = step.plan or plan
            last.append(step.action)
            before = step.groups
    if not examples:
        return 0
    save_file(
        {
            "tokens": np.concatenate([np.array(e, np.uint16) for e in examples]),
            "kinds": np.array(kinds, np.uint8),
            "offsets": np.cumsum([0] + [len(e) for e in examples]),
        },
        out.with_suffix(".partial"),
    )
    out.with_suffix(".partial").rename(out)
    return len(examples)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--demonstrations", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--exercises", type=float, default=0.6, help="how many screens of one-step episodes have one")
    p.add_argument("--variants", type=int, default=3, help="of each episode, with other words (vary.py)")
    p.add_argument("--pages", nargs="*", help="these alone")
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    write_vocabulary(a.model)
    stream, count = Stream(a.model), 0
    for path in sorted(a.demonstrations.glob("*.jsonl")):
        out = a.out / f"{path.stem}.safetensors"
        if not out.exists() and (not a.pages or path.stem.rsplit("-", 1)[0] in a.pages):
            count += pack(path, stream, out, a.exercises, a.variants)
    print(f"{count} new examples, {stream.size} ids")


if __name__ == "__main__":
    main()
