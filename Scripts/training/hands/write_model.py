#!/usr/bin/env python3
"""Writes a run of the hands as a Hugging Face model directory that `spud miniwob` plays.

    write_model.py --run RUN --model MODEL --out Models/spud-hands

MODEL has the codebook of marks and its vocabulary; both are copied. training.json says how many tokens it was trained
on.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
from export import write_weights  # noqa: E402
from nano.checkpoint import read_model  # noqa: E402
from nano.data import Vocabulary  # noqa: E402
from nano.huggingface import huggingface_tensors  # noqa: E402


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    model, vocabulary = read_model(a.run), Vocabulary.load(a.model / "vocabulary.json")
    config = model.c.huggingface(vocabulary.control)
    (a.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    write_weights(huggingface_tensors(model), a.out)
    for name in ("vocabulary.json", "marks.safetensors"):
        shutil.copy(a.model / name, a.out / name)
    state = json.loads((a.run / "state.json").read_text())
    before = state.get("before", {}).get("tokens", 0)
    (a.out / "training.json").write_text(json.dumps({"tokens": state["tokens"] + before}) + "\n")
    size = sum(t.numel() for t in model.parameters()) / 1e6
    print(f"{size:.2f} M parameters, {state['tokens']} tokens and {before} before")


if __name__ == "__main__":
    main()
