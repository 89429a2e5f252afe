"""Pairs of words that training holds back: their absence is not evidence against them.

A model that is never shown a red star learns, at each red thing, that it is no star: a softmax pushes down every word
but the right one, and this one was never right. Of pairs held back, 5 % were described rightly after 43 M tokens, and
98 % of all others. So, at a shape whose colour stands in the same turn, the shape that this colour is never shown with
is left out of the softmax, and its logit is lifted to the mean of the other wrong ones where it is below: training says
nothing of it. At a colour, its shape likewise. The list is what `generate.py` leaves out of the training split; nothing
held back is ever shown.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from world.scene import COLOURS, HELD_OUT_PAIRS, SHAPES

from .data import Shards, Vocabulary
from .files import located


def forms(word: str) -> list[str]:
    """A word's spellings in the tokenizer's alphabet: within a text and at its beginning, one and several."""
    plural = word + ("es" if word.endswith("ss") else "s")
    return ["Ġ" + word, word, "Ġ" + plural, plural]


class Unseen:
    """Which words to leave out at which token of some shards: their `groups`. Group 0 leaves out none."""

    def __init__(self, shards: Shards, model: Path, v: Vocabulary, device: torch.device):
        ids = json.loads(located(model, "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        kinds = [list(COLOURS), SHAPES]
        which = np.full((2, v.size), -1)  # the colour or shape that an id spells
        form = np.zeros(v.size, dtype=np.int64)
        for kind, words in enumerate(kinds):
            for number, word in enumerate(words):
                for f, spelled in enumerate(forms(word)):
                    if spelled in ids:
                        which[kind, ids[spelled]], form[ids[spelled]] = number, f
        absent, others = [np.zeros(v.image[0], bool)], [np.zeros(v.image[0], bool)]
        group_of = np.zeros((2, max(map(len, kinds)), 4), np.uint8)
        for target, words in enumerate(kinds):
            for context, word in enumerate(kinds[1 - target]):
                for f in range(4):
                    missing, rest = absent[0].copy(), others[0].copy()
                    for w in words:
                        spelled = ids.get(forms(w)[f])
                        if spelled is not None:
                            held_back = ((w, word) if target == 0 else (word, w)) in HELD_OUT_PAIRS
                            (missing if held_back else rest)[spelled] = True
                    if missing.any():
                        group_of[target, context, f] = len(absent)
                        absent.append(missing)
                        others.append(rest)
        self.absent, self.others = (torch.from_numpy(np.stack(words)).to(device) for words in (absent, others))
        shards.groups = self.find(shards, v, which, form, group_of)

    @staticmethod
    def find(shards: Shards, v: Vocabulary, which: np.ndarray, form: np.ndarray, group_of: np.ndarray) -> np.ndarray:
        """The group of each token: of a shape by the last colour of its turn, of a colour by the shape after it, or
        else the last before."""
        tokens = shards.tokens.astype(np.int64)
        at = np.arange(len(tokens))
        turn = np.maximum.accumulate(np.where(tokens == v.control["<user>"], at, 0))
        # Recordings alone say all pairs, so there is nothing to leave out.
        pictures, sounds = (np.concatenate(([0], np.cumsum(chosen))) for chosen in (
            (tokens >= v.image[0]) & (tokens < v.audio[0]), (tokens >= v.audio[0]) & (tokens < v.residual[0])))
        counts = [c[shards.starts + shards.lengths] - c[shards.starts] for c in (pictures, sounds)]
        seen = np.repeat((counts[0] > 0) | (counts[1] == 0), shards.lengths)
        groups = np.zeros(len(tokens), np.uint8)
        for target in (0, 1):
            context = which[1 - target][tokens]
            last = np.maximum.accumulate(np.where(context >= 0, at, -1))
            before = np.concatenate(([-1], last[:-1]))
            found = np.where(before >= turn, context[before], -1)
            if target == 0:
                after = np.concatenate((context[1:], [-1]))
                found = np.where(after >= 0, after, found)
            i = np.flatnonzero((which[target][tokens] >= 0) & (found >= 0) & seen & shards.answer)
            groups[i] = group_of[target, found[i], form[tokens[i]]]
        return groups

    def left_out(self, groups: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """For each target word [N]: the words left out, and the other wrong ones of its kind, [N, words] both."""
        own = torch.zeros(len(targets), self.absent.shape[1], dtype=torch.bool, device=targets.device)
        own[torch.arange(len(targets), device=targets.device), targets] = True
        return self.absent[groups] & ~own, self.others[groups] & ~own
