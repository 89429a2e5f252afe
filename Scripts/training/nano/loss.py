"""The loss of answers, at the price of the ids that could stand there."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .data import Vocabulary
from .unseen import Unseen

SOME = 512  # codes that a word is told apart from, in a step that does not take them all


def answer_losses(hidden: Tensor, targets: Tensor, head: Tensor, v: Vocabulary, whole: bool, unseen: Unseen,
                  groups: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cross entropy of each target [N] after its hidden state [N, H], the log of the softmax's sum [N], and the penalty
    of unseen words.

    Four in five answers are words, and four in five ids are codes: products with the whole head were a quarter of a
    step on a CPU. So a word is told apart from all words and some of the codes, another run of them at each step; a
    code of a picture from words and codes of pictures; one of a sound likewise. Now and then, when `whole` says so,
    everything is told apart from everything. `groups` [N] are the targets' groups of words that `unseen` leaves out.
    """
    words, sounds, residuals = v.image[0], v.audio[0], v.residual[0]  # residual codes are never an answer
    if whole:
        kinds = [(torch.arange(len(targets), device=targets.device), (words, v.size))]
    else:
        some = min(SOME, v.size - words)
        first = words + int(torch.randint(0, v.size - words - some + 1, ()))
        picture, sound = (targets >= words) & (targets < sounds), targets >= sounds
        kinds = [(chosen.nonzero().squeeze(1), codes) for chosen, codes in (
            (targets < words, (first, first + some)), (picture, (words, sounds)), (sound, (sounds, residuals)))]
    losses, spread = hidden.new_zeros(2, len(targets), dtype=torch.float32)
    penalty = hidden.new_zeros((), dtype=torch.float32)
    for at, (start, end) in kinds:
        if len(at) == 0:
            continue
        logits = F.linear(hidden[at], torch.cat((head[:words], head[start:end]))).float()
        target = torch.where(targets[at] < words, targets[at], targets[at] - start + words)
        special = groups[at].nonzero().squeeze(1)
        if len(special):
            absent, others = unseen.left_out(groups[at][special], target[special])
            some_logits = logits[special, :words]
            gap = (some_logits * absent).sum(1) / absent.sum(1).clamp_min(1) - \
                ((some_logits * others).sum(1) / others.sum(1).clamp_min(1)).detach()
            # One way only: drawn down to the mean, it would rank behind the shapes that it is likest to.
            penalty = penalty + F.huber_loss(gap.clamp_max(0), torch.zeros_like(gap),
                                             reduction="none").mul(absent.any(1)).sum()
            hide = torch.zeros_like(logits, dtype=torch.bool)
            hide[special, :words] = absent
            logits = logits.masked_fill(hide, float("-inf"))
        losses = losses.index_put((at,), F.cross_entropy(logits, target, reduction="none"))
        spread = spread.index_put((at,), logits.logsumexp(-1))
    return losses, spread, penalty
