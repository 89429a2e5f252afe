#!/usr/bin/env python3
"""Makes the pictures and sounds that spud-long is shown, and packs them as ids.

    media.py --spud .build/release/spud --model Models/spud-nano --pictures 12000 --sounds 8000 --out WORK/media

A picture is 32 pixels wide and shows one thing of the world; a sound says two digits. OUT/train and OUT/held-out hold
`media.safetensors` and, a line each, `media.skills`: picture/red circle, sound/seven two. The held-out ones are other
drawings and takes of what training shows and says: what is measured is finding again, not seeing.
"""

import argparse
import json
import multiprocessing
import random
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from world.maker import Maker, assistant, user  # noqa: E402
from world.scene import PLACES, SIZES, Scene, Thing, pairs, paper, render  # noqa: E402
from world.speech import DIGITS  # noqa: E402

MIDDLE, SIDE = PLACES.index("middle"), 32


def make(job: tuple[argparse.Namespace, str, str, int]) -> str:
    a, split, kind, index = job
    seed = 5 if split == "train" else 6
    maker = Maker(a.out / split, a.out / "speech", "train", seed, kind, index, True)
    rng: random.Random = maker.rng
    if kind == "picture":
        colour, shape = rng.choice(pairs("train"))
        thing = Thing(colour, shape, rng.choice(list(SIZES)), MIDDLE, rng.randint(-4, 4), rng.randint(-4, 4), 1.0,
                      tuple(rng.randint(-6, 6) for _ in range(3)))
        edge = (64 - SIDE) // 2
        part = maker.image(render(Scene((thing,), paper(rng))).crop((edge, edge, edge + SIDE, edge + SIDE)))
        label = f"{colour} {shape}"
    else:
        label = " ".join(rng.choice(DIGITS) for _ in range(2))
        part = maker.spoken(label)
    example = maker.example(label, [user(part), assistant(label)], label)
    return json.dumps(example)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--spud", default="spud")
    p.add_argument("--model", required=True)
    p.add_argument("--pictures", type=int, default=12000)
    p.add_argument("--sounds", type=int, default=8000)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    for split, share in (("held-out", 30), ("train", 1)):
        folder = a.out / split
        if (folder / "done").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [(a, split, kind, i) for kind, count in (("picture", a.pictures), ("sound", a.sounds))
                for i in range(max(1, count // share))]
        with multiprocessing.get_context("fork").Pool() as pool:
            lines = list(pool.imap(make, jobs, chunksize=16))
        examples = folder / "examples.jsonl"
        examples.write_text("\n".join(lines) + "\n")
        labels = [f"{e['skill']}/{e['task']}" for e in map(json.loads, lines)]
        (folder / "media.skills").write_text("\n".join(labels) + "\n")
        subprocess.run([a.spud, "tokenize", "--examples", examples, "--pack", folder / "media.safetensors", "--model",
                        a.model], check=True)
        (folder / "done").touch()


if __name__ == "__main__":
    main()
