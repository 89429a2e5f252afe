#!/usr/bin/env python3
"""Writes a suite of drawings and speech that are asked for in several forms, those of the recipe and others.

    variants.py --out .work/variants
    spud compare --systems unified --suite .work/variants --out .work/variants/report

The table that `spud compare` prints has a row for each form: the share of answers that the judges find right.
Things without a place may stand anywhere. The same seed gives the same suite.
"""

import argparse
import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from world import speech  # noqa: E402
from world.scene import COLOURS, HELD_OUT_PAIRS, PLACES, SHAPES, SIZES, Scene, Thing, render  # noqa: E402
from world.skills.speak import WORDS  # noqa: E402

PAIRS = [(c, s) for c in COLOURS for s in SHAPES if (c, s) not in HELD_OUT_PAIRS]
THING = re.compile(r"a (?:(?P<size>small|big) )?(?P<colour>\w+) (?P<shape>\w+)(?: at the (?P<place>.+))?")


def things(
    rng: random.Random, count: int, sized: bool, placed: bool, pairs: list[tuple[str, str]] = PAIRS
) -> list[str]:
    """Things in words, in the reading order of their places, as the recipe has them."""
    places = sorted(rng.sample(range(9), count))
    named = rng.sample(pairs, count)
    return [
        "a "
        + (rng.choice(list(SIZES)) + " " if sized else "")
        + f"{c} {s}"
        + (f" at the {PLACES[p]}" if placed else "")
        for (c, s), p in zip(named, places)
    ]


def spoken(rng: random.Random) -> str:
    kind = rng.randrange(3)
    if kind == 0:
        return rng.choice(WORDS)
    return (
        f"{rng.choice(list(COLOURS))} {rng.choice(SHAPES)}"
        if kind == 1
        else " ".join(rng.choice(speech.DIGITS) for _ in range(2))
    )


DRAWN = {  # of a form: how many things, with sizes, with places
    "draw: one": (1, False, False),
    "draw: one, placed": (1, True, True),
    "draw: two, placed": (2, True, True),
    "draw: two": (2, False, False),
    "draw: two, sized": (2, True, False),
}
SPOKEN = {"speak: say": "say {}", "speak: speak": "speak: {}"}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--each", type=int, default=50, help="of each form")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    for folder in ("words", "media"):
        (a.out / folder).mkdir(parents=True, exist_ok=True)
    for word in WORDS:  # what the judge of speech compares with
        speech.write_wave(a.out / "words" / f"{word}.wav", speech.narrate(word, a.out / "cache"))
    with open(a.out / "examples.jsonl", "w", encoding="utf-8") as file:

        def write(form: str, number: int, prompt: str, answer: str, kind: str) -> None:
            name = f"{form.replace(': ', '-').replace(', ', '-')}-{number}"
            reference = f"media/{name}.{'png' if kind == 'image' else 'wav'}"
            if kind == "image":  # one of the right pictures, where there are several
                drawn = (THING.search(t) for t in answer.split("; "))
                render(
                    Scene(
                        tuple(
                            Thing(
                                t["colour"],
                                t["shape"],
                                t["size"] or "big",
                                PLACES.index(t["place"]) if t["place"] else 3 + 2 * i,
                            )
                            for i, t in enumerate(drawn)
                        )
                    )
                ).save(a.out / reference)
            else:
                speech.write_wave(a.out / reference, speech.narrate(answer, a.out / "cache"))
            turns = [{"role": "user", "parts": [{"text": prompt}]}, {"role": "assistant", "parts": [{kind: reference}]}]
            file.write(
                json.dumps(
                    {"id": name, "skill": form, "task": "variant", "turns": turns, "answer": answer, "accept": [answer]}
                )
                + "\n"
            )

        for form, (count, sized, placed) in DRAWN.items():
            rng = random.Random(f"{a.seed}/{form}")
            for i in range(a.each):
                asked = things(rng, count, sized, placed)
                write(form, i, "draw " + " and ".join(asked), "; ".join(asked), "image")
        for form, pattern in SPOKEN.items():
            rng = random.Random(f"{a.seed}/{form}")
            for i in range(a.each):
                said = spoken(rng)
                write(form, i, pattern.format(said), said, "audio")
    print(a.out / "examples.jsonl", a.each * (len(DRAWN) + len(SPOKEN)), "examples")


if __name__ == "__main__":
    main()
