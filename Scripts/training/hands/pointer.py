"""A second loss of training, which the model does not keep: each group of a screen says whether the answer goes there.

An answer is a few ids, and which group it points at is all that they teach of reading. A head on a middle layer's
output at the last id of every group is told of each of them, so that words are compared before an answer is begun.
"""

import torch
import torch.nn.functional as F
from stream import BINS, Stream
from torch import Tensor

MOST = 10  # an answer that goes to more groups, as a list does, tells nothing apart


class Pointer(torch.nn.Module):
    def __init__(self, hidden: int, stream: Stream):
        super().__init__()
        self.head = torch.nn.Linear(hidden, 1)
        self.x, self.y = stream.x, stream.y
        self.opens, self.closes = stream.control["<screen>"], stream.control["</screen>"]

    def groups(self, tokens: Tensor, segments: Tensor, answer: Tensor) -> tuple[Tensor, Tensor]:
        """Where groups end [B, L], of examples that tell something, and whether the answer goes there [B, L]."""
        place = (tokens >= self.y) & (tokens < self.y + BINS)
        place[:, 1:] &= (tokens[:, :-1] >= self.x) & (tokens[:, :-1] < self.x + BINS)
        place[:, 0] = False
        key = torch.zeros_like(tokens)
        key[:, 1:] = segments[:, 1:] * BINS**2 + (tokens[:, :-1] - self.x) * BINS + tokens[:, 1:] - self.y
        inside = ((tokens == self.opens).int() - (tokens == self.closes).int()).cumsum(1) > 0
        shown, said = place & inside & ~answer, place & answer
        asked = shown & torch.isin(key, key[said])
        counts = torch.bincount(segments[asked], minlength=int(segments.max()) + 1)
        return shown & ((counts > 0) & (counts <= MOST))[segments], asked

    def loss(self, hidden: Tensor, tokens: Tensor, segments: Tensor, answer: Tensor) -> Tensor:
        """hidden: [B, L, H]. Groups that are meant count as much together as those that are not."""
        shown, asked = self.groups(tokens, segments, answer)
        logits = self.head(F.rms_norm(hidden[shown].float(), hidden.shape[-1:]))[:, 0]
        meant = asked[shown]
        kinds = F.softplus(-logits[meant]), F.softplus(logits[~meant])
        return sum(k.sum() / max(len(k), 1) for k in kinds) / 2
