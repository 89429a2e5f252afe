"""Accuracy on held-out examples, inside the trainer."""

import numpy as np
import torch
import torch.nn.functional as F

from .data import Rows, Shards
from .model import Model


@torch.no_grad()
def teacher_forced(model: Model, shards: Shards, limit: int = 0, rows: int = 12,
                   length: int = 320) -> dict[str, tuple[float, int]]:
    """Share of examples, by task, whose whole answer is the likeliest token at every step, and how many there were.

    Greedy decoding writes an answer exactly if each of its tokens is the likeliest after those before it, so for
    answers with one right spelling this is greedy exact match, at the price of one forward pass. Examples are single
    questions.
    """
    device = model.head.device
    chosen, seen = [], {}
    for e, name in enumerate(shards.skills):
        seen[name] = seen.get(name, 0) + 1
        if not limit or seen[name] <= limit:
            chosen.append(e)
    right: dict[str, list[int]] = {}
    packed = shards.pack(np.array(chosen), length)
    packed += [[]] * (-len(packed) % rows)  # one shape, so that one compiled graph serves
    for first in range(0, len(packed), rows):
        batch = Rows(shards, packed[first:first + rows], length).to(device)
        hidden, _, _ = model.trunk(batch.tokens, batch.segments)
        target = batch.answer[:, 1:].nonzero()
        best = F.linear(hidden[target[:, 0], target[:, 1]], model.head).argmax(-1)
        wrong = torch.zeros(len(batch.examples) + 1, dtype=torch.long, device=device).index_add_(
            0, batch.segments[target[:, 0], target[:, 1] + 1],
            (best != batch.tokens[target[:, 0], target[:, 1] + 1]).long())
        for e, w in zip(batch.examples, wrong[1:].tolist()):
            right.setdefault(shards.skills[e], []).append(int(w == 0))
    return {name: (sum(r) / len(r), len(r)) for name, r in sorted(right.items())}
