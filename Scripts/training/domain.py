#!/usr/bin/env python3
"""Writes a model's domain.json: the sizes, lengths, words and prompts that its training examples hold.

    domain.py --kind unified --out Models/spud-nano

Nothing is listed here that the recipe itself does not say: examples of every skill are made in memory, and what they
ask is written down with the recipe's own words (colours, shapes, places, …) replaced by the names of their lists. The
same arguments give the same file.
`spud run` reads it, and says when a prompt or a medium lies outside.
"""

import argparse
import json
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from derive import ASK  # noqa: E402
from world import speech  # noqa: E402
from world.maker import Maker, Part  # noqa: E402
from world.scene import COLOURS, PLACES, SHAPES, SIDE, SIZES, Scene  # noqa: E402
from world.skills import SKILLS  # noqa: E402
from world.skills.relate import SIDES  # noqa: E402
from world.speech import DIGITS, RATE  # noqa: E402

SPELLINGS = {"color": "colour"}  # as Maker.typed writes now and then
SLOTS = {
    "colour": list(COLOURS),
    "shape": SHAPES,
    "size": list(SIZES),
    "place": PLACES,
    "side": list(SIDES),
    "digit": DIGITS,
    "shapes": [s + ("es" if s == "cross" else "s") for s in SHAPES],
    "number": {"from": 0, "to": 9999},
    "update": ["add {number}", "take away {number}", "double it", "halve it"],
}
WORD = re.compile(r"[^\W_]+|[^\w\s]")


class Watcher(Maker):
    """Makes examples without files, and keeps count of what they hold."""

    seen: dict[str, set] = {"image": set(), "video": set(), "frames": set(), "audio": set()}

    def image(self, picture: Scene | Image.Image) -> Part:
        self.seen["image"].add((SIDE, SIDE) if isinstance(picture, Scene) else picture.size)
        return {"image": ""}

    def audio(self, samples: np.ndarray) -> Part:
        self.seen["audio"].add(len(samples) / RATE)
        return {"audio": ""}

    def video(self, frames: list[Image.Image], sound: np.ndarray | None = None) -> Part:
        self.seen["video"] |= {f.size for f in frames}
        self.seen["frames"].add(len(frames))
        return {"video": ""}

    def spoken(self, phrase: str) -> Part:
        return self.audio(speech.random_say(self.rng, phrase, self.split, self.cache))

    def narrated(self, phrase: str) -> Part:
        return {"audio": ""}  # an answer: nothing that the model reads

    def typed(self, question: str) -> Part:
        return {"text": question}


def form(prompt: str) -> str:
    """The prompt with the words of lists replaced by the lists' names."""

    def any_of(words: list[str]) -> str:
        return "|".join(sorted(words, key=len, reverse=True))

    colour = rf"(?:{any_of(SLOTS['colour'])})\b"
    for pattern, slot in (
        (r"\b\d+\b", "number"),
        (r"\b(?:add {number}|take away {number}|double it|halve it)", "update"),
        (rf"\b(?:{any_of(SLOTS['side'])})\b(?= the)", "side"),
        (rf"\b(?:{any_of(SLOTS['size'])})\b(?= {colour})", "size"),
        (rf"\b{colour}", "colour"),
        (rf"\b(?:{any_of(SLOTS['shapes'])})\b", "shapes"),
        (rf"\b(?:{any_of(SHAPES)})\b", "shape"),
        (rf"(?<=at the )(?:{any_of(PLACES)})\b", "place"),
    ):
        prompt = re.sub(pattern, "{" + slot + "}", prompt)
    # "one" is a digit only where digits are said.
    return re.sub(rf"\b(?:{any_of(DIGITS)})\b", "{digit}", prompt) if prompt.startswith("say ") else prompt


def prompts(each: int, cache: Path) -> dict[tuple[str, ...], list[str]]:
    """The forms of what is asked, by the media before it, in the order of the skills."""
    found: dict[tuple[str, ...], dict[str, None]] = {}
    for name, skill in SKILLS.items():
        for index in range(each):
            example = skill.make(Watcher(Path(), cache, "train", 1, name, index, short=index % 2 == 0))
            media: list[str] = []
            for turn in (t for t in example["turns"] if t["role"] == "user"):
                media += [kind for p in turn["parts"] for kind in p if kind != "text"]
                text = "".join(p.get("text", "") for p in turn["parts"])
                found.setdefault(tuple(media), {})[form(text)] = None
    return {media: sorted(forms) for media, forms in found.items()}


def named(forms: list[str]) -> dict:
    """The lists that forms name, and those that these name."""
    found = {n for n in SLOTS if any(f"{{{n}}}" in f for f in forms)}
    return {
        n: s
        for n, s in SLOTS.items()
        if n in found or "update" in found and any(f"{{{n}}}" in u for u in SLOTS["update"])
    }


def words(forms: list[str]) -> list[str]:
    """Every word of forms and of the lists that they name."""
    lists = [w for slot in named(forms).values() if isinstance(slot, list) for w in slot]
    return sorted({w for text in forms + lists for w in WORD.findall(re.sub(r"{\w+}", " ", text))})


def domain(kind: str, each: int, cache: Path) -> dict:
    asked = prompts(each, cache)
    seen = Watcher.seen
    sizes = {k: sorted(map(list, seen[k])) for k in ("image", "video")}
    # To the next tenth: other voices and speeds are a little longer or shorter.
    sound = [int(min(seen["audio"]) * 10) / 10, -int(-max(seen["audio"]) * 10) / 10]
    image, audio = {"sizes": sizes["image"]}, {"seconds": sound}
    video = {"sizes": sizes["video"], "frames": [min(seen["frames"]), max(seen["frames"])]}
    if kind == "unified":
        media = {"image": image, "audio": audio, "video": video}
    elif kind == "vision":
        media, asked = {"image": image}, {("image",): sorted([ASK["image"], ASK["frame"]])}
    elif kind == "hearing":
        media, asked = {"audio": audio}, {("audio",): [ASK["audio"]]}
    else:  # texts of any length, of descriptions and what is asked about them
        forms = [f for fs in asked.values() for f in fs] + [
            "picture: a {size} {colour} {shape} at the {place};",
            "sound:",
            "frame {number}:",
        ]
        return {"schema": 1, "spellings": SPELLINGS, "words": words(forms)}
    forms = [f for fs in asked.values() for f in fs]
    return {
        "schema": 1,
        **media,
        "spellings": SPELLINGS,
        "words": words(forms),
        "slots": named(forms),
        "prompts": [{"media": list(m), "forms": fs} for m, fs in sorted(asked.items())],
    }


def text(found: dict) -> str:
    """The file: a line for each member, and one for each slot and group of prompts."""

    def lines(value: dict | list, indent: str) -> str:
        dump = partial(json.dumps, ensure_ascii=False)
        if isinstance(value, dict):
            return (
                "{\n" + ",\n".join(f"{indent}{dump(k)}: {dump(v)}" for k, v in value.items()) + "\n" + indent[2:] + "}"
            )
        return "[\n" + ",\n".join(indent + dump(v) for v in value) + "\n" + indent[2:] + "]"

    members = (
        f"  {json.dumps(k)}: " + (lines(v, "    ") if k in ("slots", "prompts") else json.dumps(v, ensure_ascii=False))
        for k, v in found.items()
    )
    return "{\n" + ",\n".join(members) + "\n}\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--kind", choices=["unified", "vision", "hearing", "language"], default="unified")
    p.add_argument("--each", type=int, default=600, help="examples of each skill")
    p.add_argument("--cache", type=Path, help="recordings of train_nano, so that they are not spoken anew")
    p.add_argument("--out", type=Path, required=True, nargs="+", help="model directories")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = domain(a.kind, a.each, a.cache or Path(folder))
    for out in a.out:
        (out / "domain.json").write_text(text(found))
        print(out / "domain.json", sum(len(g["forms"]) for g in found.get("prompts", [])), "forms")


if __name__ == "__main__":
    main()
