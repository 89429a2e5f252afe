#!/usr/bin/env python3
"""Packs examples into streams with `spud tokenize`, in shards, with the skill of each example beside them.

    pack.py --spud .build/release/spud --model DIR --examples build/train/examples.jsonl --out build/train
    pack.py … --tasks      names skill/task instead of the skill, for held-out examples

OUT.done says that all shards are there.
"""

import argparse
import json
import subprocess
from pathlib import Path


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--spud", default="spud")
    p.add_argument("--model", required=True)
    p.add_argument("--examples", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True, help="shards are OUT-000.safetensors and so on")
    p.add_argument("--shard", type=int, default=100_000, help="examples a shard: about 30 MiB")
    p.add_argument("--tasks", action="store_true")
    a = p.parse_args()

    done = a.out.with_name(f"{a.out.name}.done")
    done.unlink(missing_ok=True)
    for old in a.out.parent.glob(f"{a.out.name}-[0-9][0-9][0-9].*"):
        old.unlink()
    lines = a.examples.read_text(encoding="utf-8").splitlines(keepends=True)
    for index, first in enumerate(range(0, len(lines), a.shard)):
        some = lines[first:first + a.shard]
        # The shard's lines stand beside the whole file for a moment, because media paths are relative to it.
        part = a.examples.with_name(f".{a.out.name}-{index:03d}.jsonl")
        part.write_text("".join(some), encoding="utf-8")
        shard = a.out.with_name(f"{a.out.name}-{index:03d}.safetensors")
        examples = [json.loads(line) for line in some]
        names = [e["skill"] + ("/" + e["task"] if a.tasks else "") for e in examples]
        shard.with_suffix(".skills").write_text("\n".join(names) + "\n")
        try:
            subprocess.run([a.spud, "tokenize", "--examples", part, "--pack", shard, "--model", a.model], check=True)
        finally:
            part.unlink()
    done.touch()


if __name__ == "__main__":
    main()
