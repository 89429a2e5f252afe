#!/usr/bin/env python3
"""Plots which experts a trained model gives to which kind of token, layer by layer.

    experts.py --run build/run --model DIR --shard build/held-out-000.safetensors --out build/run/experts.png
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import numpy as np
import torch
from nano.checkpoint import read_model
from nano.data import Rows, Shards, Vocabulary

KINDS = ["text", "control", "image", "audio"]


@torch.no_grad()
def counts(model, shards: Shards, v: Vocabulary, examples: int) -> np.ndarray:
    """Choices of each expert by tokens of each kind: [layers, kinds, experts]."""
    c = model.c
    found = torch.zeros(c.num_hidden_layers, len(KINDS), c.num_experts, dtype=torch.long)
    some = np.random.default_rng(1).permutation(len(shards.lengths))[:examples]
    row = max(512, int(shards.lengths[some].max()))
    packed = shards.pack(some, row)
    for first in range(0, len(packed), 8):
        batch = Rows(shards, packed[first:first + 8], row).to(model.head.device)
        _, _, choices = model.trunk(batch.tokens, batch.segments)
        real = (batch.segments > 0).reshape(-1)
        kind = v.modality(batch.tokens.reshape(-1))
        for layer, chosen in enumerate(choices):
            for k in range(len(KINDS)):
                found[layer, k] += torch.bincount(chosen[real & (kind == k)].reshape(-1), minlength=c.num_experts).cpu()
    return found.numpy()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--shard", type=Path, required=True)
    p.add_argument("--examples", type=int, default=600)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    v = Vocabulary.load(a.model / "vocabulary.json")
    found = counts(read_model(a.run), Shards([a.shard], v), v, a.examples)
    share = found / found.sum(-1, keepdims=True).clip(1)
    figure, axes = plt.subplots(1, len(share), figsize=(3.2 * len(share), 2.4), sharey=True)
    for layer, axis in enumerate(axes):
        axis.imshow(share[layer], aspect="auto", cmap="viridis", vmin=0, vmax=0.5)
        axis.set_title(f"layer {layer}", fontsize=9)
        axis.set_xlabel("expert")
    axes[0].set_yticks(range(len(KINDS)), KINDS)
    figure.tight_layout()
    figure.savefig(a.out, dpi=110)
    # Of what an expert gets, each kind counted alike: the largest share of one kind. A quarter is no preference, one is
    # one kind only.
    among = share / share.sum(1, keepdims=True).clip(1e-9)
    summary = {"specialization": [round(float(x), 3) for x in among.max(1).mean(-1)],
               "largest_load": [round(float(x), 3) for x in (found.sum(1) / found.sum((1, 2))[:, None]).max(-1)]}
    a.out.with_suffix(".json").write_text(json.dumps(summary) + "\n")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
