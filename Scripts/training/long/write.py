#!/usr/bin/env python3
"""Writes a run of learn.py as a model directory, and checks its logits against `transformers`.

    write.py --run WORK/run --model Models/spud-nano --out Models/spud-long
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from model import LongModel  # noqa: E402
from nano.data import Vocabulary  # noqa: E402
from nano.files import REFERENCES, SHAREABLE, located  # noqa: E402
from nano.huggingface import huggingface_tensors  # noqa: E402
from nano.model import Config  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True, help="whose tokenizer and codecs it has")
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    model = LongModel(Config(**json.loads((a.run / "config.json").read_text()))).bfloat16()
    model.load_state_dict(load_file(a.run / "weights.safetensors"))
    model.head = model.embedding
    tensors = huggingface_tensors(model)
    del tensors["lm_head.weight"]
    save_file(tensors, a.out / "model.safetensors", metadata={"format": "pt"})
    v = Vocabulary.load(a.model / "vocabulary.json")
    config = model.c.huggingface(v.control) | {"tie_word_embeddings": True}
    (a.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    generation = {"bos_token_id": v.control["<bos>"], "eos_token_id": v.control["<end>"],
                  "pad_token_id": v.control["<pad>"], "do_sample": False, "max_new_tokens": 64}
    (a.out / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")
    (a.out / "vocabulary.json").write_text((a.model / "vocabulary.json").read_text())
    (a.out / REFERENCES).unlink(missing_ok=True)
    if a.out.resolve().parent == a.model.resolve().parent:
        shared = dict.fromkeys(sorted(SHAREABLE), f"../{a.model.resolve().name}")
        (a.out / REFERENCES).write_text(json.dumps(shared, indent=2) + "\n")
    else:  # only a directory beside its own can be referred to
        for name in SHAREABLE:
            shutil.copy(located(a.model, name), a.out / name)
    tokens = json.loads((a.run / "state.json").read_text())["tokens"]
    (a.out / "training.json").write_text(json.dumps({"tokens": tokens}, indent=2) + "\n")
    check(model, a.out)


@torch.no_grad()
def check(model: LongModel, out: Path) -> None:
    from transformers import AutoModelForCausalLM

    theirs = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()
    ids = torch.randint(0, model.c.vocab_size, (2, 96), generator=torch.Generator().manual_seed(1))
    mine = F.linear(model.float()(ids, torch.arange(96).expand(2, -1))[0], model.embedding.float())
    worst = float((mine - theirs(ids).logits).abs().max())
    print(f"largest difference of logits to transformers: {worst:.2e}")
    if worst > 1e-3:
        raise SystemExit("the export is wrong")


if __name__ == "__main__":
    main()
