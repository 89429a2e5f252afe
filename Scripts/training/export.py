#!/usr/bin/env python3
"""Writes a trained run as a Hugging Face model directory, and checks its logits against `transformers`.

    export.py --run build/run --model DIR --out Models/spud-nano

DIR holds tokenizer.json, vocabulary.json and the codecs; they are copied. The card, README.md, is made by card.py.
training.json says how many tokens the model was trained on, in this run and those before it, which `spud compare` shows
beside its results.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import torch
from nano.checkpoint import read_model, tokens_seen
from nano.data import Vocabulary
from nano.files import REFERENCES, located
from nano.huggingface import huggingface_tensors
from nano.model import Model
from safetensors.torch import save_file

SHARD = 15 << 20  # bytes


def write_weights(tensors: dict[str, torch.Tensor], out: Path) -> None:
    """One file, or shards with their index where one file would be too large for the repository."""
    for old in out.glob("model*.safetensors*"):
        old.unlink()
    shards: list[dict[str, torch.Tensor]] = [{}]
    size = total = 0
    for name, tensor in tensors.items():
        bytes_ = tensor.numel() * 2
        if size + bytes_ > SHARD - 65536:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += bytes_
        total += bytes_
    if len(shards) == 1:
        save_file(shards[0], out / "model.safetensors", metadata={"format": "pt"})
        return
    names = [f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for name, shard in zip(names, shards):
        save_file(shard, out / name, metadata={"format": "pt"})
    index = {"metadata": {"total_size": total}, "weight_map": {t: n for n, shard in zip(names, shards) for t in shard}}
    (out / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


@torch.no_grad()
def check(model: Model, out: Path) -> None:
    """The exported directory gives the trainer's logits in `transformers`, both in float32."""
    from transformers import AutoModelForCausalLM
    theirs = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()
    ids = torch.randint(0, model.c.vocab_size, (2, 96), generator=torch.Generator().manual_seed(1))
    a, b = model.float()(ids), theirs(ids).logits
    worst = float((a - b).abs().max())
    print(f"largest difference of logits to transformers: {worst:.2e} (logits up to {float(b.abs().max()):.1f})")
    if worst > 1e-3:
        raise SystemExit("the export is wrong")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--before", type=float,
                   help="million tokens of the runs before, instead of what the run says of its start")
    p.add_argument("--note", default="", help="how this checkpoint's run differed from the recipe")
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    model = read_model(a.run)
    v = Vocabulary.load(a.model / "vocabulary.json")
    (a.out / "config.json").write_text(json.dumps(model.c.huggingface(v.control), indent=2) + "\n")
    (a.out / "generation_config.json").write_text(json.dumps({
        "bos_token_id": v.control["<bos>"], "eos_token_id": v.control["<end>"], "pad_token_id": v.control["<pad>"],
        "do_sample": False, "max_new_tokens": 512}, indent=2) + "\n")
    write_weights(huggingface_tensors(model), a.out)
    own = json.loads((a.run / "state.json").read_text())["tokens"]
    budget = {"tokens": tokens_seen(a.run) if a.before is None else own + round(a.before * 1e6)}
    (a.out / "training.json").write_text(json.dumps(budget | ({"note": a.note} if a.note else {}), indent=2) + "\n")
    for name in ("tokenizer.json", "vocabulary.json", "image_codec.safetensors", "audio_codec.safetensors"):
        if located(a.model, name).exists() and a.model.resolve() != a.out.resolve():
            shutil.copy(located(a.model, name), a.out / name)
            (a.out / REFERENCES).unlink(missing_ok=True)
    check(model, a.out)


if __name__ == "__main__":
    main()
