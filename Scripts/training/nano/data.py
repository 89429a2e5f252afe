"""Packed streams: reading shards, laying them out in batches, and saying which tokens carry a loss."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import Tensor


@dataclass
class Vocabulary:
    """vocabulary.json: where each kind of id begins."""

    text: int
    control: dict[str, int]
    image: tuple[int, int]  # first, count
    audio: tuple[int, int]
    levels: int
    residual: tuple[int, int]  # second codes of pictures, behind all other ids
    size: int

    @staticmethod
    def load(path: Path) -> "Vocabulary":
        v = json.loads(path.read_text())
        first = v["control"]["first"]
        audio = v["audio"]["levels"] * v["audio"]["codes_per_level"]
        behind = v["audio"]["first"] + audio
        residual = v["image"].get("residual", {"first": behind, "count": 0})
        return Vocabulary(v["text"]["count"], {n: first + i for i, n in enumerate(v["control"]["tokens"])},
                          (v["image"]["first"], v["image"]["count"]), (v["audio"]["first"], audio), v["audio"]["levels"],
                          (residual["first"], residual["count"]), behind + residual["count"])

    def modality(self, ids: Tensor) -> Tensor:
        """0 text, 1 control, 2 image, 3 audio."""
        return (ids >= self.text).long() + (ids >= self.image[0]).long() + (ids >= self.audio[0]).long() - (ids >= self.residual[0]).long()


def answers(tokens: np.ndarray, v: Vocabulary) -> np.ndarray:
    """True at each token after an `<assistant>` up to and with its `<end>`: what the model has to say itself."""
    opened = np.where(tokens == v.control["<assistant>"], 1, np.where(tokens == v.control["<end>"], -1, 0))
    # State before each token: +1 from the last <assistant>, cleared by the <end> after it.
    last_open = np.maximum.accumulate(np.where(opened == 1, np.arange(len(tokens)), -1))
    last_end = np.maximum.accumulate(np.where(opened == -1, np.arange(len(tokens)), -1))
    before_open = np.concatenate(([-1], last_open[:-1]))
    before_end = np.concatenate(([-1], last_end[:-1]))
    return before_open > before_end


class Shards:
    """All examples of some shards, with the skill of each where the examples' JSONL stands beside."""

    def __init__(self, paths: list[Path], v: Vocabulary):
        tokens, lengths = [], []
        self.skills: list[str] = []
        for path in paths:
            shard = load_file(path)
            tokens.append(shard["tokens"])
            lengths.append(np.diff(shard["offsets"]))
            names = path.with_suffix(".skills")
            self.skills += names.read_text().splitlines() if names.exists() else ["all"] * len(lengths[-1])
        self.tokens = np.concatenate(tokens)
        self.lengths = np.concatenate(lengths)
        self.starts = np.concatenate(([0], np.cumsum(self.lengths)[:-1]))
        self.answer = answers(self.tokens, v)
        if len(self.skills) != len(self.lengths):
            raise SystemExit(f"{len(self.skills)} skills for {len(self.lengths)} examples: delete the .skills files and pack again")
        if self.tokens.max() >= v.size:
            raise SystemExit(f"id {self.tokens.max()} is outside the vocabulary of {v.size}")

    def pack(self, examples: np.ndarray, length: int) -> list[list[int]]:
        """Lays examples into rows of `length` tokens, the longest first, each into the fullest row that still holds it."""
        rows: list[list[int]] = []
        room: list[int] = []
        for e in sorted(examples.tolist(), key=lambda e: -self.lengths[e]):
            n = int(self.lengths[e])
            best = min((i for i in range(len(rows)) if room[i] >= n), key=lambda i: room[i], default=-1)
            if best < 0:
                rows.append([])
                room.append(length)
            rows[best].append(e)
            room[best] -= n
        return rows

    def batches(self, count: int, length: int, seed: int, rank: int = 0, ranks: int = 1):
        """Endless batches of `count` rows of `length` tokens, of the examples that fit, and how many epochs have passed.

        Rows are packed from windows of a few batches and shuffled, so that each batch mixes all skills.
        """
        epoch, fitting = 0, np.flatnonzero(self.lengths <= length)
        window = max(64, int(8 * count * length / self.lengths[fitting].mean()))
        rows: list[list[int]] = []
        while True:
            random = np.random.default_rng((seed, epoch))
            order = random.permutation(fitting)[rank::ranks]
            for first in range(0, len(order), window):
                fresh = self.pack(order[first:first + window], length)
                rows += [fresh[i] for i in random.permutation(len(fresh))]
                while len(rows) >= count:
                    yield Rows(self, rows[:count], length), epoch + first / len(order)
                    rows = rows[count:]
            epoch += 1

    def lone(self, room: int, over: int, longest: int) -> dict[int, int]:
        """The lengths, in steps of 64 tokens, of rows that hold one example longer than `over` each, and how many of them fill `room` tokens."""
        long = self.lengths[(self.lengths > over) & (self.lengths <= longest)]
        return {length: max(1, room // length) for length in np.unique(up(long)).tolist()} if room else {}

    def alike(self, counts: dict[int, int], over: int, longest: int, seed: int, rank: int = 0, ranks: int = 1):
        """Endless batches of examples longer than `over`, one a row, those of a batch alike in length: so many rows as `lone` says.

        Side by side in rows of one length, a third of films' tokens were padding.
        """
        epoch, waiting = 0, {length: [] for length in counts}
        fitting = np.flatnonzero((self.lengths > over) & (self.lengths <= longest))
        while True:
            for e in np.random.default_rng((seed, epoch)).permutation(fitting)[rank::ranks].tolist():
                length = int(up(self.lengths[e]))
                waiting[length].append([e])
                if len(waiting[length]) == counts[length]:
                    yield Rows(self, waiting[length], length)
                    waiting[length] = []
            epoch += 1


def up(lengths: np.ndarray) -> np.ndarray:
    """The next multiples of 64."""
    return -(-lengths // 64) * 64


class Rows:
    """Examples side by side: tokens [B, L], which of them are answers, which example each belongs to, and its skill."""

    def __init__(self, shards: Shards, rows: list[list[int]], length: int):
        self.tokens = torch.zeros(len(rows), length, dtype=torch.long)
        self.answer = torch.zeros(len(rows), length, dtype=torch.bool)
        self.segments = torch.zeros(len(rows), length, dtype=torch.long)  # 0 is padding
        self.groups = torch.zeros(len(rows), length, dtype=torch.long)
        self.examples: list[int] = []
        for row, examples in enumerate(rows):
            at = 0
            for e in examples:
                s, n = shards.starts[e], int(shards.lengths[e])
                self.tokens[row, at:at + n] = torch.from_numpy(shards.tokens[s:s + n].astype(np.int64))
                self.answer[row, at:at + n] = torch.from_numpy(shards.answer[s:s + n])
                self.examples.append(e)
                self.segments[row, at:at + n] = len(self.examples)
                at += n

    def mark(self, groups: np.ndarray, shards: Shards) -> None:
        """Takes over a number for each token of the shards: `groups` [B, L], 0 in padding."""
        for number, e in enumerate(self.examples, 1):
            self.groups[self.segments == number] = torch.from_numpy(groups[shards.starts[e]:shards.starts[e] + shards.lengths[e]].astype(np.int64))

    def to(self, device: torch.device) -> "Rows":
        for name in ("tokens", "answer", "segments", "groups"):
            setattr(self, name, getattr(self, name).to(device))
        return self

    def targets(self) -> Tensor:
        """Flat positions in [B, L - 1] whose next token is part of an answer, and belongs to the same example."""
        return self.answer[:, 1:].reshape(-1).nonzero().squeeze(1)


def principal_embeddings(path: Path, width: int, tensor: str = "centres") -> torch.Tensor:
    """Start values of the codes' embeddings [codes, width]: the codebook's centres in their own principal components.

    Likeness of codes is then likeness of embeddings from the first step on. Each level stands in the leading `width` components,
    half-whitened, so that brightness, the largest, does not drown edges; an element's variance is that of text (0.5 squared).
    """
    levels = torch.from_numpy(load_file(path)[tensor]).float()  # [levels, codes, components]
    if levels.dim() == 2:
        levels = levels[None]
    made = []
    for centres in levels:
        centres = centres - centres.mean(0)
        _, _, axes = torch.linalg.svd(centres, full_matrices=False)
        x = centres @ axes[:width].T
        x = x / x.std(0, keepdim=True).clamp_min(1e-3 * x.std(0).max()).sqrt()
        x = torch.nn.functional.pad(x, (0, width - x.shape[1]))
        made.append(x * (0.5 / x.square().mean().sqrt()))
    return torch.cat(made)
