#!/usr/bin/env python3
"""Derives from examples what the modules of a pipeline learn, about the same pictures and recordings.

    derive.py --examples build/train/examples.jsonl

Writes beside the examples, so that media paths stay true:
- vision.jsonl: each picture, and some frames of each clip, with its description;
- hearing.jsonl: each recording and soundtrack with its description;
- language.jsonl: each example with its media replaced by their descriptions, as `spud compare`'s pipelines write them,
  and of each scene more that can be asked about it: looking things up in a text takes a small module more questions
  than a picture's codes leave room for;
- twins.jsonl: a share of those three, for the unified model: with them it can serve as each module of
  `pipeline-shared`.
"""

import argparse
import json
import random
from pathlib import Path

from world.told import examples

ASK = {"image": "describe the picture.", "frame": "describe the frame.", "audio": "describe the sound."}
OUTPUTS = ("draw", "speak")  # skills whose media are the answer


def one(example: dict, part: dict, kind: str, told: str, number: int, thought: str = "") -> dict:
    said = ([{"thought": thought}] if thought else []) + [{"text": told}]
    return {"id": f"{example['id']}-{number}", "skill": "describe", "task": kind, "answer": told, "accept": [told],
            "turns": [
        {"role": "user", "parts": [part, {"text": ASK[kind]}]}, {"role": "assistant", "parts": said}]}


def described(example: dict, rng: random.Random, frames: int) -> tuple[list[dict], list[dict], dict]:
    """What vision, hearing and language learn from an example."""
    told = {kind: iter(texts) for kind, texts in (example.get("descriptions") or {}).items()}
    # Only the thought of `read` goes along the patches of the picture: it is the eye's, not the language module's.
    columns = next((p["thought"] for t in example["turns"] for p in t["parts"] if "thought" in p),
                   "") if example["skill"] == "read" else ""
    vision, hearing, turns = [], [], []
    for turn in example["turns"]:
        parts = []
        for part in turn["parts"]:
            kind, value = next(iter(part.items()))
            if kind in ("text", "thought"):
                if kind == "text" or not columns:
                    parts.append(part)
            elif kind == "image":
                text = next(told["image"])
                # `describe` holds frames of clips as single pictures.
                vision.append(one(example, part, "frame" if example["task"] == "frame" else "image", text, len(vision),
                                  columns))
                parts.append({"text": f"picture: {text}\n"})
            elif kind == "audio":
                text = next(told["audio"])
                hearing.append(one(example, part, "audio", text, len(hearing)))
                parts.append({"text": f"sound: {text}\n"})
            else:
                texts = next(told["video"])
                for i in sorted(rng.sample(range(len(texts)), min(frames, len(texts)))):
                    vision.append(one(example, {"image": f"{value}/{i:03d}.png"}, "frame", texts[i], len(vision)))
                lines = "".join(f"frame {i}: {text}\n" for i, text in enumerate(texts, 1))
                if "audio" in told:  # a soundtrack
                    text = next(told["audio"])
                    hearing.append(one(example, {"audio": f"{value}/audio.wav"}, "audio", text, len(hearing)))
                    lines += f"sound: {text}\n"
                parts.append({"text": lines})
        turns.append({"role": turn["role"], "parts": parts})
    return vision, hearing, example | {"turns": turns}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--examples", type=Path, required=True)
    p.add_argument("--frames", type=int, default=2, help="frames of a clip that vision learns from")
    p.add_argument("--asked", type=int, default=2,
                   help="more examples for language of each scene and each skill that asks about scenes")
    p.add_argument("--twins", type=float, default=0.12,
                   help="share of the derived examples that the unified model gets too")
    a = p.parse_args()
    rng, folder = random.Random(1), a.examples.parent
    files = {n: open(folder / f"{n}.jsonl.partial", "w", encoding="utf-8")
             for n in ("vision", "hearing", "language", "twins")}
    counts = dict.fromkeys(files, 0)

    def write(name: str, example: dict) -> None:
        files[name].write(json.dumps(example, ensure_ascii=False) + "\n")
        counts[name] += 1

    for line in open(a.examples, encoding="utf-8"):
        example = json.loads(line)
        if example["skill"] in OUTPUTS:
            continue
        vision, hearing, language = described(example, rng, a.frames)
        for name, e in [("vision", e) for e in vision] + [("hearing", e) for e in hearing] + [("language", language)]:
            write(name, e)
            if rng.random() < a.twins:
                write("twins", e)
        for text in (example.get("descriptions") or {}).get("image", []):
            for more in examples(text, a.asked):
                write("language", more | {"id": f"{example['id']}-{more['id']}"})
    for name, file in files.items():  # language and twins last: the scripts take them for a sign that all are there
        file.close()
        (folder / f"{name}.jsonl.partial").rename(folder / f"{name}.jsonl")
    print(", ".join(f"{n} {counts[n]}" for n in files))


if __name__ == "__main__":
    main()
