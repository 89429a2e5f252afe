#!/usr/bin/env python3
"""Adds second codes to a fitted picture codebook: what the first code of a patch leaves over, for pictures that the
first codes miss.

    residual_codes.py --codec build/model/image_codec.safetensors --examples build/more-read/examples.jsonl \\
        --held-out build/held-out/examples.jsonl

Twice as many first codes give half a decibel on patches that letters cross, and 8,192 of them leave 0 and 8, N and M
alike. Code 0 adds nothing, for patches that the first code already shows. The centres are written in half precision,
which halves the file.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import torch
from product_codes import cluster, patches, pictures
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

# As in Sources/SpudTokens/Codecs/ImageCodec.swift: a picture is missed when so many of its patches come back worse than
# 16.5 dB.
MISSED, WORST = 4, 10 ** -1.65


def distinct(path: Path) -> tuple[Tensor, Tensor]:
    """The picture's different patches [n, width], 0…1, and which of them each patch is."""
    return torch.unique(patches(path).flatten(1) / 255, dim=0, return_inverse=True)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--codec", type=Path, required=True, help="is replaced")
    p.add_argument("--examples", type=Path, required=True)
    p.add_argument("--held-out", type=Path, required=True,
                   help="examples on whose missed pictures the codes are measured")
    p.add_argument("--codes", type=int, default=2048)
    p.add_argument("--pictures", type=int, default=4000)
    p.add_argument("--patches", type=int, default=150_000, help="so many, by chance, are learned from")
    p.add_argument("--passes", type=int, default=15)
    a = p.parse_args()

    codec = load_file(a.codec)
    with safe_open(a.codec, "pt") as f:
        metadata = f.metadata()
    codec["centres"] = codec["centres"].half()
    components, mean = codec["components"].float(), codec["mean"].float()
    entries = mean + codec["centres"][0].float() @ components
    lengths = entries.square().sum(1)

    def missed(path: Path) -> tuple[Tensor, Tensor] | None:
        """What the first codes leave of a picture that they miss: of its different patches, and which of them each
        patch is."""
        shown, which = distinct(path)
        left = shown - entries[(lengths - 2 * shown @ entries.T).argmin(1)]
        return (left, which) if int((left.square().mean(1)[which] > WORST).sum()) >= MISSED else None

    found = [m[0] for path in pictures(a.examples, a.pictures) if (m := missed(path))]
    left = torch.cat(found)
    left = left[left.square().mean(1) > 2e-4]
    if len(left) < a.codes:
        raise SystemExit(f"the examples hold {len(left)} patches that the first codes miss, but {a.codes} codes need "
                         f"at least as many")
    left = left[torch.randperm(len(left), generator=torch.Generator().manual_seed(1))[:a.patches]]
    centres = cluster(left, torch.ones(len(left)), a.codes - 1, a.passes)
    codec["residual"] = (torch.cat((torch.zeros_like(centres[:1]), centres)) @ components.T).half()
    save_file(codec, a.codec, metadata=metadata)

    second = codec["residual"].float() @ components
    before, after = [], []
    tried = pictures(a.held_out, 2000)
    for m in filter(None, map(missed, tried)):
        rest = m[0] - second[torch.cdist(m[0], second).argmin(1)]
        before.append(m[0].square().mean(1)[m[1]].mean())
        after.append(rest.square().mean(1)[m[1]].mean())
    decibels = [round(float(-10 * torch.stack(errors).mean().log10()), 2) for errors in (before, after)]
    print(json.dumps({"residual_codes": a.codes, "missed": len(before), "of": len(tried), "psnr_db_before": decibels[0],
                      "psnr_db_after": decibels[1]}))


if __name__ == "__main__":
    main()
