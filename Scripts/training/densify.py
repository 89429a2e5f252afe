#!/usr/bin/env python3
"""Makes a dense model of a mixture's experts: a run that train.py --warm goes on from, as the dense control of the
trained mixture.

    densify.py --run build/run --width 2048 --shard build/train-000.safetensors --model build/model \\
        --out build/dense-total-start

Embeddings, attention, norms and head go over as they are. A layer's feed-forward becomes the experts that the shard's
tokens use most, side by side, as many as the width holds; what each gives is multiplied by the mean weight that the
router gave it, so that the sum is what the mixture would give on average if its choice knew nothing of the token.
Training has to mend the rest.

What is in --out already is kept when it was made from the same weights, and refused when it was not.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import torch
from nano.checkpoint import read_model, save_weights, tokens_seen
from nano.data import Shards, Vocabulary
from nano.huggingface import read_huggingface
from nano.model import Model, working_type
from nano.warm import warm_start
from torch import Tensor


@torch.no_grad()
def mean_weights(model: Model, tokens: Tensor, segments: Tensor) -> list[Tensor]:
    """The weight that each layer's router gave each expert, averaged over the tokens of [B, L]: [E], summing to 1."""
    _, routers, choices = model.trunk(tokens, segments)
    real, found = (segments > 0).reshape(-1), []
    for logits, chosen in zip(routers, choices):
        weight = logits.softmax(-1).gather(1, chosen)
        weight = (weight / weight.sum(-1, keepdim=True))[real]
        found.append(torch.zeros(logits.shape[1]).index_add_(0, chosen[real].reshape(-1),
                                                             weight.reshape(-1)) / len(weight))
    return found


@torch.no_grad()
def densify(mixture: Model, width: int, weights: list[Tensor]) -> Model:
    """The dense model of `width` whose layers are the mixture's most used experts; `weights` are those of
    `mean_weights`."""
    c = mixture.c
    count = width // c.moe_intermediate_size
    dense = Model(replace(c, num_experts=1, num_experts_per_tok=1, moe_intermediate_size=width)).to(mixture.head.dtype)
    own = dense.state_dict()
    for name, tensor in mixture.state_dict().items():
        if own[name].shape == tensor.shape:
            own[name].copy_(tensor)
    for layer, experts, weight in zip(dense.layers, mixture.layers, weights):
        most = weight.topk(count)
        gate, up = experts.gate_up[most.indices].chunk(2, 1)
        down = experts.down[most.indices].float() * (most.values / most.values.sum())[:, None, None]
        layer.gate_up.copy_(torch.cat((gate.flatten(0, 1), up.flatten(0, 1)))[None])
        layer.down.copy_(down.transpose(0, 1).flatten(1)[None])
        layer.router.zero_()  # of one expert: there is nothing to choose
    return dense


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True, help="the mixture: a run or a model directory")
    p.add_argument("--run-model", type=Path,
                   help="the model directory of --run, where its codebooks are others than --model's")
    p.add_argument("--model", type=Path, required=True, help="the model directory of --shard")
    p.add_argument("--shard", type=Path, required=True, help="of training: what is held out has no say in a model")
    p.add_argument("--width", type=int, required=True, help="of the dense feed-forward, a multiple of an expert's")
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    weights = b"".join(path.read_bytes() for path in sorted(a.run.glob("*.safetensors")))
    source = {"sha256": hashlib.sha256(weights).hexdigest(), "width": a.width}
    if (a.out / "state.json").exists():
        if json.loads((a.out / "source.json").read_text()) != source:
            raise SystemExit(f"{a.out} was made from other weights than those in {a.run}: remove it and what went on "
                             f"from it, or work elsewhere")
        return
    mixture = read_model(a.run) if (a.run / "state.json").exists() else read_huggingface(a.run)
    most = mixture.c.num_experts * mixture.c.moe_intermediate_size
    if a.width % mixture.c.moe_intermediate_size or not 0 < a.width <= most:
        raise SystemExit(f"a width of {a.width} is no multiple of an expert's {mixture.c.moe_intermediate_size}, up to "
                         f"{most}")
    v = Vocabulary.load(a.model / "vocabulary.json")
    reader = Model(replace(mixture.c, vocab_size=v.size)).to(working_type())  # the mixture, of the shard's ids
    warm_start(reader, a.run, a.run_model or a.model, a.model)
    batch, _ = next(Shards([a.shard], v).batches(32, 320, 320, seed=1))
    dense = densify(mixture, a.width, mean_weights(reader, batch.tokens, batch.segments))
    a.out.mkdir(parents=True, exist_ok=True)
    save_weights(dense.state_dict(), a.out / "weights.safetensors")
    (a.out / "config.json").write_text(json.dumps(vars(dense.c)))
    (a.out / "source.json").write_text(json.dumps(source))
    (a.out / "state.json").write_text(json.dumps(
        {"step": 0, "tokens": 0, "seconds": 0.0, "epochs": 0.0, "seed": 1, "before": tokens_seen(a.run)}))


if __name__ == "__main__":
    main()
