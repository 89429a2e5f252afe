"""A second loss of training, which models do not keep: where some heads look.

Finding again is several looks in a row: at what stood one and two ids ago, at the key that a sentence has, and then at
the sentence of that key. Each is useless before the others are there, so that a loss on answers alone may wait for them
for ever. Here each has a head that is told.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

ROWS = 96  # queries of a row of tokens that a head is told of
Query = tuple[int, int, int, int]  # who looks, the first id that it may look at, and from where to where it shall


@dataclass
class Look:
    """What a head's queries shall find. rows, first, low, high: [B, N]; a query at `rows`, of an example that begins at
    `first`, looks at ids from `low` up to `high`; what fills a row up looks from the first id at itself."""

    layer: int
    head: int
    rows: Tensor
    first: Tensor
    low: Tensor
    high: Tensor

    def loss(self, q: Tensor, k: Tensor) -> Tensor:
        """q: [B, L, D], k: [B, L, D] -> the mean of -log(share of attention that is where it should be)."""
        query = q.gather(1, self.rows[..., None].expand(-1, -1, q.shape[-1]))
        scores = (query @ k.mT).float() * q.shape[-1] ** -0.5
        at = torch.arange(k.shape[1])
        scores = scores.masked_fill((at > self.rows[..., None]) | (at < self.first[..., None]), -torch.inf)
        meant = (at >= self.low[..., None]) & (at < self.high[..., None])
        share = scores.masked_fill(~meant, -torch.inf).logsumexp(-1) - scores.logsumexp(-1)
        return -share.sum() / (self.rows > 0).sum().clamp_min(1)


def pick(rng: np.random.Generator, some: list[Query]) -> list[Query]:
    return [some[i] for i in rng.permutation(len(some))[:ROWS]]


def batched(each: list[dict[str, list[Query]]], places: dict[str, tuple[int, int]]) -> list[Look]:
    """places: layer and head of each kind of look."""
    made = []
    for name, (layer, head) in places.items():
        most = max(len(e[name]) for e in each)
        if most:
            filled = np.zeros((4, len(each), most), np.int64)
            filled[3] = 1
            for row, e in enumerate(each):
                if e[name]:
                    filled[:, row, : len(e[name])] = np.array(e[name]).T
            made.append(Look(layer, head, *torch.from_numpy(filled)))
    return made
