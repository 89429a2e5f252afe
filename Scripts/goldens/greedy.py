#!/usr/bin/env python3
"""Greedy answers of a trained model by `transformers`, in float32: what Spud must answer too.

    greedy.py --model Models/spud-nano --suite Benchmarks/suites/world --spud .build/release/spud \
      --out Tests/SpudModelsTests/Goldens/spud-nano.safetensors

200 prompts of the suite's text answers, evenly over its skills, as `spud tokenize` makes them. Ids in, ids out: prompts
I32 with prompt_offsets I64, and up to 24 ids of each answer, ending with <end> if it comes. It also prints how close
the closest choice was.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM

MOST = 24


def prompts(a: argparse.Namespace, assistant: int) -> list[np.ndarray]:
    lines = (a.suite / "examples.jsonl").read_text(encoding="utf-8").splitlines()
    by_skill: dict[str, list[str]] = {}
    for line in lines:
        skill = json.loads(line)["skill"]
        if skill not in ("draw", "speak"):
            by_skill.setdefault(skill, []).append(line)
    chosen, turn = [], 0
    while len(chosen) < a.count:
        for some in by_skill.values():
            chosen.append(some[turn])
        turn += 1
    file = a.suite / ".greedy.jsonl"  # beside the media, since their paths are relative to it
    with tempfile.TemporaryDirectory() as folder:
        shard = Path(folder) / "prompts.safetensors"
        try:
            file.write_text("\n".join(chosen[:a.count]) + "\n", encoding="utf-8")
            subprocess.run([a.spud, "tokenize", "--examples", file, "--pack", shard, "--model", a.model], check=True)
        finally:
            file.unlink()
        packed = load_file(shard)
    found = []
    for first, last in zip(packed["offsets"], packed["offsets"][1:]):
        ids = packed["tokens"][first:last].astype(np.int32)
        found.append(ids[:list(ids).index(assistant) + 1])
    return found


@torch.no_grad()
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--suite", type=Path, required=True)
    p.add_argument("--spud", default=".build/release/spud")
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    control = json.loads((a.model / "vocabulary.json").read_text())["control"]
    ids = {name: control["first"] + i for i, name in enumerate(control["tokens"])}
    model = AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.float32).eval()
    asked, answers, closest = prompts(a, ids["<assistant>"]), [], float("inf")
    for prompt in asked:
        tokens, cache, answer = torch.from_numpy(prompt.astype(np.int64))[None], None, []
        while len(answer) < MOST:
            out = model(tokens, past_key_values=cache, use_cache=True)
            cache, best = out.past_key_values, out.logits[0, -1].topk(2)
            closest = min(closest, float(best.values[0] - best.values[1]))
            answer.append(int(best.indices[0]))
            if answer[-1] == ids["<end>"]:
                break
            tokens = best.indices[None, :1]
        answers.append(np.array(answer, np.int32))

    def flat(name: str, rows: list[np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.concatenate(rows), name[:-1] + "_offsets": np.cumsum([0] + [len(r) for r in rows])}

    a.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(flat("prompts", asked) | flat("answers", answers), a.out)
    print(f"{len(asked)} prompts, {sum(map(len, answers))} ids of answers; the closest choice was decided by "
          f"{closest:.1e}")


if __name__ == "__main__":
    main()
