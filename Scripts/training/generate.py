#!/usr/bin/env python3
"""Writes raw examples of the world: JSONL with PNG and WAV beside it.

    generate.py --split train --seed 1 --count 40000 --out build/world/train
    generate.py --split held-out --seed 777 --each 100 --short --out build/held-out

The same arguments give the same examples. Speech needs `espeak-ng`; recordings are kept in --cache and shared by all
runs.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from world.maker import Maker
from world.skills import SKILLS


def plan(arguments: argparse.Namespace) -> list[tuple[str, int]]:
    """Which skill makes which example: mixed evenly, so that any stretch of the file holds all skills by their
    share."""
    shares = {n: getattr(s, arguments.world) for n, s in SKILLS.items()}
    if arguments.skills:
        shares = {n: shares[n] or 0.05 for n in arguments.skills.split(",")}
    names = [n for n, share in shares.items() if share]
    if arguments.each:
        return [(name, i) for name in names for i in range(arguments.each)]
    total = sum(shares.values())
    counts, jobs = dict.fromkeys(names, 0), []
    for i in range(arguments.count):
        name = max(names, key=lambda n: shares[n] / total * (i + 1) - counts[n])
        jobs.append((name, counts[name]))
        counts[name] += 1
    return jobs


def make(job: tuple[str, int]) -> str:
    name, index = job
    a = ARGUMENTS
    maker = Maker(Path(a.out), Path(a.cache), a.split, a.seed, name, index + a.first, a.short)
    return json.dumps(SKILLS[name].make(maker), ensure_ascii=False)


def main() -> None:
    global ARGUMENTS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["train", "held-out"], default="train")
    parser.add_argument("--world", choices=["small", "full"], default="small",
                        help="which shares of the skills (see world/skills)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000, help="examples in all, shared among the skills")
    parser.add_argument("--each", type=int, default=0, help="examples of each skill, instead of --count")
    parser.add_argument("--first", type=int, default=0, help="index of the first example of each skill")
    parser.add_argument("--skills", default="", help="only these, comma-separated")
    parser.add_argument("--short", action="store_true", help="one question an example, as in evaluation")
    parser.add_argument("--out", required=True)
    parser.add_argument("--cache", default=str(Path(__file__).parents[2] / ".build/training/speech"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    ARGUMENTS = parser.parse_args()
    out, jobs, started = Path(ARGUMENTS.out), plan(ARGUMENTS), time.time()
    out.mkdir(parents=True, exist_ok=True)
    temporary = out / "examples.jsonl.partial"
    with open(temporary, "w",
              encoding="utf-8") as f, multiprocessing.get_context("fork").Pool(ARGUMENTS.processes) as pool:
        for line in pool.imap(make, jobs, chunksize=64):
            f.write(line + "\n")
    temporary.rename(out / "examples.jsonl")
    print(f"{len(jobs)} examples in {time.time() - started:.0f} s: {out / 'examples.jsonl'}", file=sys.stderr)


if __name__ == "__main__":
    main()
