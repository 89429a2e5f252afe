#!/usr/bin/env python3
"""Makes a fitted picture codebook a product where it shows colours: every outline in every colour.

    product_codes.py --codec build/model/image_codec.safetensors --examples build/fit/examples.jsonl \\
        --held-out build/held-out/examples.jsonl

k-means spends its centres on what it sees, so an outline in a colour that training never shows has none: a red star
came back half orange, a small green ring black. Here the centres that show ink or paper stay as they were; the others
are replaced by as many outlines, pooled over all colours, as fit, each in each colour. Prints the codebook's size and
the peak signal-to-noise ratio as JSON.
"""

import argparse
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import numpy as np
import torch
from nano.codes import PAPER, features
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from world.scene import COLOURS

SIDE = 8


def pictures(examples: Path, count: int, without: tuple[str, ...] = ()) -> list[Path]:
    """Pictures and frames of the examples, but for those of some skills, by chance."""
    found = []
    for line in open(examples, encoding="utf-8"):
        example = json.loads(line)
        if example["skill"] in without:
            continue
        for turn in example["turns"]:
            found += [examples.parent / p["image"] for p in turn["parts"] if "image" in p]
            found += [examples.parent / p["video"] / f"{i:03d}.png" for p in turn["parts"] if "video" in p
                      for i in (0, 2, 3)]
    return random.Random(1).sample(found, min(count, len(found)))


def patches(path: Path) -> Tensor:
    """[patches, pixels, 3], 0…255; whole patches in reading order."""
    with Image.open(path) as picture:
        pixels = torch.from_numpy(np.asarray(picture.convert("RGB")).copy()).float()
    height, width = (n // SIDE for n in pixels.shape[:2])
    return pixels[:height * SIDE, :width * SIDE].reshape(height, SIDE, width, SIDE,
                                                         3).transpose(1, 2).reshape(-1, SIDE * SIDE, 3)


def covers(patch: Tensor, palette: Tensor) -> Tensor:
    """How much of each pixel is paint, 0…1, [n, pixels], of the patches that show paper and one colour of paint."""
    flat = patch.reshape(-1, 3)
    paper = flat[(flat.amax(1) - flat.amin(1) < 12) & (flat.amin(1) > 190)].median(0).values
    away = patch - paper
    strongest = away.square().sum(2).amax(1)
    patch, away = patch[strongest > 900], away[strongest > 900]
    if not len(patch):
        return patch.new_zeros(0, SIDE * SIDE)
    paint = palette - paper
    cover = torch.einsum("npc,kc->nkp", away, paint) / paint.square().sum(1)[:, None]
    cover = cover.clamp(0, 1)
    wrong = (away[:, None] - cover[..., None] * paint[:, None]).square().mean((2, 3))
    error, best = wrong.min(1)
    return cover[torch.arange(len(patch)), best][error < 60]


def cluster(points: Tensor, weights: Tensor, count: int, passes: int = 20) -> Tensor:
    """Weighted k-means: [count, width]."""
    generator = torch.Generator().manual_seed(1)
    centres = points[torch.multinomial(weights, min(count, len(points)), generator=generator)]
    for _ in range(passes):
        nearest = torch.cat([torch.cdist(some, centres).argmin(1) for some in points.split(16384)])
        mass = torch.zeros(len(centres)).index_add_(0, nearest, weights)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points * weights[:, None])
        fresh = points[torch.multinomial(weights, len(centres), generator=generator)]
        centres = torch.where(mass[:, None] > 0, sums / mass.clamp_min(1e-9)[:, None], fresh)
    return centres


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--codec", type=Path, required=True, help="is replaced")
    p.add_argument("--examples", type=Path, required=True)
    p.add_argument("--held-out", type=Path, required=True, help="examples on whose pictures the codebook is measured")
    p.add_argument("--pictures", type=int, default=6000)
    a = p.parse_args()

    codec = load_file(a.codec)
    with safe_open(a.codec, "pt") as f:
        metadata = f.metadata()
    _, coloured = features(a.codec)
    palette = torch.tensor(list(COLOURS.values())).float()
    seen = torch.cat([covers(patches(path), palette)
                      for path in pictures(a.examples, a.pictures, ("read", "handwriting"))])
    unique, times = (seen * 32).round().unique(dim=0, return_counts=True)
    outlines = cluster(unique / 32, times.float().sqrt(), int(coloured.sum()) // len(COLOURS))
    made = (PAPER + outlines[:, None, :, None] * (palette - PAPER)[None, :, None]).reshape(-1, SIDE * SIDE * 3) / 255
    components, mean = codec["components"].float(), codec["mean"].float()
    centres = codec["centres"][0].float()
    rows = coloured.nonzero().squeeze(1)[:len(made)]
    centres[rows] = (made - mean) @ components.T
    codec["centres"] = centres[None].to(codec["centres"].dtype)
    save_file(codec, a.codec, metadata=metadata)

    entries = mean + codec["centres"][0].float() @ components
    errors = []
    for path in pictures(a.held_out, 1000):
        shown = patches(path).reshape(-1, SIDE * SIDE * 3) / 255
        errors.append((entries[torch.cdist(shown, entries).argmin(1)] - shown).square().mean())
    print(json.dumps({"codes": len(entries), "outlines": len(outlines),
                      "psnr_db": round(float(-10 * torch.stack(errors).mean().log10()), 2)}))


if __name__ == "__main__":
    main()
