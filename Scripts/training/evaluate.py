#!/usr/bin/env python3
"""Scores a run's checkpoint on held-out examples: greedy exact match by task, and drawings by a detector of shapes.

    evaluate.py --run build/run --model DIR --examples build/held-out/examples.jsonl --shard build/held-out-000.safetensors --json out.json
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import torch  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from nano.checkpoint import read_model  # noqa: E402
from nano.data import Shards, Vocabulary  # noqa: E402
from nano.evaluation import draw, load_codec, picture, teacher_forced, write  # noqa: E402
from world.detect import detect, objects_right  # noqa: E402
from world.scene import HELD_OUT_PAIRS  # noqa: E402


def drawings(model, shards: Shards, examples: list[dict], v: Vocabulary, codec: Path, limit: int, keep: Path | None) -> dict:
    """Draws what the examples ask for; counts pictures whose every thing is right, and things right in colour alone."""
    chosen = [i for i, e in enumerate(examples) if e["skill"] == "draw"][:limit]
    prompts = []
    for i in chosen:
        ids = shards.tokens[shards.starts[i]:shards.starts[i] + shards.lengths[i]].tolist()
        prompts.append(ids[:ids.index(v.control["<assistant>"]) + 1])
    codec_tensors, counts = load_codec(codec), Counter()
    for i, codes in zip(chosen, draw(model, prompts, v)):
        drawn, things = picture(codes, codec_tensors), examples[i]["things"]
        right, wanted = objects_right(drawn, things)
        found = detect(drawn)
        counts["pictures"] += 1
        counts["pictures right"] += right == wanted
        counts["objects"] += wanted
        counts["objects right"] += right
        counts["colour right"] += sorted(f.colour for f in found) == sorted(t["colour"] for t in things)
        circle = [t for t in things if t["shape"] == "circle"]
        if len(things) == 1 and circle:
            counts["circles"] += 1
            counts["circles right"] += any(f.shape == "circle" and f.colour == circle[0]["colour"] for f in found)
        if any((t["colour"], t["shape"]) in HELD_OUT_PAIRS for t in things):
            counts["pictures of unseen pairs"] += 1
            counts["pictures of unseen pairs right"] += right == wanted
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            drawn.resize((256, 256), 0).save(keep / (examples[i]["answer"].replace(" ", "-").replace(";", "") + ".png"))
    return dict(counts)


def word_errors(said: list[str], heard: list[str]) -> int:
    """Least insertions, deletions and substitutions of words."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def transcripts(model, shards: Shards, examples: list[dict], v: Vocabulary, tokenizer: Path, limit: int) -> dict:
    """Words of speech written down as they were said: words less errors, and words, for digits and for phrases."""
    text, counts = Tokenizer.from_file(str(tokenizer)), {}
    chosen = [i for i, e in enumerate(examples) if e["skill"] == "hear"][:limit]
    prompts = []
    for i in chosen:
        ids = shards.tokens[shards.starts[i]:shards.starts[i] + shards.lengths[i]].tolist()
        prompts.append(ids[:ids.index(v.control["<assistant>"]) + 1])
    for i, ids in zip(chosen, write(model, prompts, v)):
        said, heard = examples[i]["answer"].split(), text.decode(ids).split()
        found = counts.setdefault(examples[i]["task"], {"right": 0, "count": 0})
        found["right"] += max(0, len(said) - word_errors(said, heard))
        found["count"] += len(said)
    return counts


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--examples", type=Path, required=True)
    p.add_argument("--shard", type=Path, required=True)
    p.add_argument("--limit", type=int, default=0, help="examples a task (0: all)")
    p.add_argument("--drawings", type=int, default=100)
    p.add_argument("--words", type=int, default=500, help="recordings to transcribe")
    p.add_argument("--keep", type=Path, help="a folder for the drawings")
    p.add_argument("--json", type=Path)
    a = p.parse_args()
    model, v = read_model(a.run), Vocabulary.load(a.model / "vocabulary.json")
    if torch.cuda.is_available():
        model = model.cuda()
    shards = Shards([a.shard], v)
    with open(a.examples, encoding="utf-8") as f:
        examples = [json.loads(line) for line in f]
    table = teacher_forced(model, shards, a.limit)
    for task, (right, count) in table.items():
        print(f"{task:20} {100 * right:5.1f} %  of {count}")
    drawn = drawings(model, shards, examples, v, a.model / "image_codec.safetensors", a.drawings, a.keep) if a.drawings else {}
    print(drawn)
    words = transcripts(model, shards, examples, v, a.model / "tokenizer.json", a.words)
    print({task: f"{100 * w['right'] / w['count']:.1f} % of {w['count']} words" for task, w in words.items()})
    if a.json:
        a.json.write_text(json.dumps({"tasks": {t: {"right": r, "count": n} for t, (r, n) in table.items()}, "drawings": drawn, "words": words}, indent=2))


if __name__ == "__main__":
    main()
