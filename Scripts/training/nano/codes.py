"""What a picture's code shows, apart from its number: how much paint where in the patch, of which colour, on which
paper.

A model that learns a row of its own for each of 8,192 codes learns each colour's outlines anew, and knows nothing of an
outline in a colour that training never showed it in. So the rows of the codes of coloured things, in the embedding and
in the head, are kept linear functions of these features: outlines are then the same in every colour, and a colour the
same in every outline.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from world.scene import COLOURS

from .data import Shards, Vocabulary
from .optim import rounded
from .warm import entries

INK, PAPER = (25, 25, 30), 226


def features(codec: Path, waves: int = 128) -> tuple[Tensor, Tensor]:
    """[codes, features]: the paint's outline in principal components, random waves of it, shares of colours, the
    paper's grey; and which codes [codes] show colours, not ink or paper alone.
    """
    pixels = entries(codec).double().unflatten(1, (-1, 3)) * 255
    light = (pixels.amin(2) > 190) & (pixels.amax(2) - pixels.amin(2) < 25)
    paper = (pixels * light[..., None]).sum(1) / light.sum(1, keepdim=True).clamp_min(1)
    paper = torch.where(light.any(1, keepdim=True), paper, torch.full_like(paper, PAPER))
    palette = torch.tensor([*COLOURS.values(), INK, (PAPER,) * 3], dtype=torch.float64)
    near = torch.softmax(-torch.cdist(pixels.flatten(0, 1), palette).square() / 1800, 1).unflatten(0, pixels.shape[:2])
    mass = near[..., :-1].sum(1)
    paint = palette[mass.argmax(1)] - paper
    cover = ((pixels - paper[:, None]) * paint[:, None]).sum(2) / paint.square().sum(1, keepdim=True).clamp_min(1)
    cover = cover.clamp(-0.2, 1.2) - cover.clamp(-0.2, 1.2).mean(0)
    outline = cover @ torch.linalg.svd(cover, full_matrices=False)[2].T
    # half-whitened, as the embeddings' start is
    outline = outline / (outline.std(0) * outline.std(0)[0]).sqrt().clamp_min(1e-6)
    random = np.random.default_rng(0)
    wave = torch.cos(outline @ torch.from_numpy(random.normal(size=(outline.shape[1], waves)) * 0.8)
                     + torch.from_numpy(random.uniform(0, 2 * np.pi, waves)))
    grey = (paper.mean(1, keepdim=True) - PAPER) / 14
    shares = mass / (mass.sum(1, keepdim=True) + 1)
    coloured = (pixels.amax(2) - pixels.amin(2)).amax(1) > 60
    return torch.cat((outline, outline.square().sum(1, keepdim=True), wave, shares, grey, grey.square(),
                      torch.ones_like(grey)), 1), coloured


class Structure:
    """Keeps the rows of coloured codes a linear function of what they show."""

    def __init__(self, codec: Path, v: Vocabulary, shards: Shards, device: torch.device):
        x, coloured = features(codec)
        self.rows = coloured.nonzero().squeeze(1) + v.image[0]
        x = x[coloured]
        tokens = shards.tokens.astype(np.int64)
        self.maps: dict[str, tuple[Tensor, Tensor]] = {}
        for name, chosen in (("embedding", tokens), ("head", tokens[shards.answer])):
            weight = torch.from_numpy(np.bincount(chosen, minlength=v.size))[self.rows].clamp_max(200).double()[:, None]
            inverse = torch.linalg.solve(x.T @ (weight * x) + 0.1 * torch.eye(x.shape[1], dtype=x.dtype),
                                         (weight * x).T)
            self.maps[name] = (x.float().to(device), inverse.float().to(device))
        self.rows = self.rows.to(device)

    @torch.no_grad()
    def draw(self, named: dict[str, Tensor], masters: dict[str, Tensor], shares: dict[str, float]) -> None:
        """Moves the rows of each matrix in `masters` by its share of the way to the nearest function of the
        features."""
        for name, share in shares.items():
            if share and name in masters:
                x, inverse = self.maps[name]
                rows = masters[name][self.rows]
                masters[name][self.rows] = rows.lerp(x @ (inverse @ rows), share)
                named[name].copy_(rounded(masters[name]))
