"""The loss of answers, at the price of the ids that could stand there."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .data import Vocabulary

SOME = 512  # codes that a word is told apart from, in a step that does not take them all


def answer_losses(hidden: Tensor, targets: Tensor, head: Tensor, v: Vocabulary, whole: bool) -> tuple[Tensor, Tensor]:
    """Cross entropy of each target [N] after its hidden state [N, H], and the log of the softmax's sum [N].

    Four in five answers are words, and four in five ids are codes: products with the whole head were a quarter of a step on a CPU.
    So a word is told apart from all words and some of the codes, another run of them at each step; a code of a picture from words and
    codes of pictures; one of a sound likewise. Now and then, when `whole` says so, everything is told apart from everything.
    """
    if whole:
        logits = F.linear(hidden, head).float()
        return F.cross_entropy(logits, targets, reduction="none"), logits.logsumexp(-1)
    words, sounds = v.image[0], v.audio[0]
    some = min(SOME, v.size - words)
    first = words + int(torch.randint(0, v.size - words - some + 1, ()))
    picture, sound = (targets >= words) & (targets < sounds), targets >= sounds
    losses, spread = hidden.new_zeros(2, len(targets), dtype=torch.float32)
    for chosen, start, end in ((targets < words, first, first + some), (picture, words, sounds), (sound, sounds, v.size)):
        at = chosen.nonzero().squeeze(1)
        if len(at) == 0:
            continue
        logits = F.linear(hidden[at], torch.cat((head[:words], head[start:end]))).float()
        target = torch.where(targets[at] < words, targets[at], targets[at] - start + words)
        losses = losses.index_put((at,), F.cross_entropy(logits, target, reduction="none"))
        spread = spread.index_put((at,), logits.logsumexp(-1))
    return losses, spread
