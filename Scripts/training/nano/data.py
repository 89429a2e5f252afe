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
                          (v["image"]["first"], v["image"]["count"]), (v["audio"]["first"], audio),
                          v["audio"]["levels"],
                          (residual["first"], residual["count"]), behind + residual["count"])

    def modality(self, ids: Tensor) -> Tensor:
        """0 text, 1 control, 2 image, 3 audio."""
        return ((ids >= self.text).long() + (ids >= self.image[0]).long() + (ids >= self.audio[0]).long()
                - (ids >= self.residual[0]).long())


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

    def __init__(self, paths: list[Path], v: Vocabulary, unthinking: float = 0):
        """`unthinking`: the share of the examples with a thought whose thoughts are left out, the same ones each
        time."""
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
        if unthinking:
            self.leave_out_thoughts(unthinking, v)
        self.starts = np.concatenate(([0], np.cumsum(self.lengths)[:-1]))
        self.answer = answers(self.tokens, v)
        self.groups = np.zeros(len(self.tokens), np.uint8)  # see Unseen
        if len(self.skills) != len(self.lengths):
            raise SystemExit(f"{len(self.skills)} skills for {len(self.lengths)} examples: delete the .skills files "
                             f"and pack again")
        if self.tokens.max() >= v.size:
            raise SystemExit(f"id {self.tokens.max()} is outside the vocabulary of {v.size}")

    def leave_out_thoughts(self, share: float, v: Vocabulary) -> None:
        at = np.arange(len(self.tokens))
        opened = np.maximum.accumulate(np.where(self.tokens == v.control["<think>"], at, -1))
        closed = np.maximum.accumulate(np.where(self.tokens == v.control["</think>"], at, -1))
        thought = opened > np.concatenate(([-1], closed[:-1]))
        chosen = np.random.default_rng(0).random(len(self.lengths)) < share
        kept = ~(thought & np.repeat(chosen, self.lengths))
        self.lengths = np.add.reduceat(kept, np.concatenate(([0], np.cumsum(self.lengths)[:-1])), dtype=np.int64)
        self.tokens = self.tokens[kept]

    def pack(self, examples: np.ndarray, length: int, mixed: bool = False) -> list[list[int]]:
        """Lays examples into rows of `length` tokens, each into the fullest row that still holds it.

        The longest come first, which leaves least room, and makes a row's examples alike; or, where `mixed`, they come
        as they are.
        """
        rows: list[list[int]] = []
        room: list[int] = []
        for e in examples.tolist() if mixed else sorted(examples.tolist(), key=lambda e: -self.lengths[e]):
            n = int(self.lengths[e])
            best = min((i for i in range(len(rows)) if room[i] >= n), key=lambda i: room[i], default=-1)
            if best < 0:
                rows.append([])
                room.append(length)
            rows[best].append(e)
            room[best] -= n
        return rows

    def batches(self, count: int, length: int, longest: int, seed: int, skip: int = 0, rank: int = 0, ranks: int = 1):
        """Endless batches of `count` rows of `length` tokens, of the examples up to `longest`, and how many epochs have
        passed.

        Rows are packed from windows of a few batches and shuffled, so that each batch mixes all skills; a row that is a
        batch by itself has to mix them within, and to be full. The first `skip` batches, which a run that was stopped
        has had, are left out, so that it goes on as if it had not been.
        """
        epoch, fitting = 0, np.flatnonzero(self.lengths <= min(length, longest))
        window = max(64, int(8 * count * length / self.lengths[fitting].mean()))
        rows: list[list[int]] = []
        single, left = count == 1, fitting[:0]
        while True:
            random = np.random.default_rng((seed, epoch))
            order = random.permutation(fitting)[rank::ranks]
            for first in range(0, len(order), window):
                fresh = self.pack(np.concatenate((left, order[first:first + window])), length, single)
                if single:
                    left = np.array(fresh.pop(), int)  # the last row opened, with room in it
                rows += [fresh[i] for i in random.permutation(len(fresh))]
                while len(rows) >= count:
                    if skip:
                        skip -= 1
                    else:
                        yield Rows(self, rows[:count], length), epoch + first / len(order)
                    rows = rows[count:]
            epoch += 1

    def long_row_counts(self, room: int, over: int, longest: int) -> dict[int, int]:
        """The lengths, in steps of 64 tokens, of rows that hold one example longer than `over` each, and how many of
        them fill `room` tokens."""
        long = self.lengths[(self.lengths > over) & (self.lengths <= longest)]
        return {length: max(1, room // length) for length in np.unique(up(long)).tolist()} if room else {}

    def alike(self, counts: dict[int, int], over: int, longest: int, seed: int, skip: int = 0, rank: int = 0,
              ranks: int = 1):
        """Endless batches of examples longer than `over`, one a row, those of a batch alike in length: so many rows as
        `long_row_counts` says. The first `skip` are left out.

        Side by side in rows of one length, a third of the tokens of videos were padding.
        """
        epoch, waiting = 0, {length: [] for length in counts}
        fitting = np.flatnonzero((self.lengths > over) & (self.lengths <= longest))
        while True:
            for e in np.random.default_rng((seed, epoch)).permutation(fitting)[rank::ranks].tolist():
                length = int(up(self.lengths[e]))
                waiting[length].append([e])
                if len(waiting[length]) == counts[length]:
                    if skip:
                        skip -= 1
                    else:
                        yield Rows(self, waiting[length], length)
                    waiting[length] = []
            epoch += 1


def up(lengths: np.ndarray) -> np.ndarray:
    """The next multiples of 64."""
    return -(-lengths // 64) * 64


class Rows:
    """Examples side by side: tokens [B, L], which of them are answers, which example each belongs to, where in it, and
    its group."""

    def __init__(self, shards: Shards, rows: list[list[int]], length: int):
        self.examples = [e for row in rows for e in row]
        lengths = shards.lengths[self.examples]
        firsts = np.cumsum(lengths) - lengths  # of each example among all tokens, laid end to end
        of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        ends = np.cumsum([0, *(shards.lengths[row].sum() for row in rows)])
        self.count = int(lengths.sum())
        within = np.arange(self.count) - np.repeat(firsts, lengths)
        source = np.repeat(shards.starts[self.examples], lengths) + within
        place = np.repeat(of * length + firsts - ends[of], lengths) + within

        def laid(values: np.ndarray, kind=np.int64) -> Tensor:
            flat = np.zeros(len(rows) * length, kind)
            flat[place] = values
            return torch.from_numpy(flat).view(len(rows), length)

        self.tokens, self.answer = laid(shards.tokens[source]), laid(shards.answer[source], bool)
        self.segments = laid(np.repeat(np.arange(len(lengths)) + 1, lengths))  # 0 is padding
        self.positions, self.groups = laid(within), laid(shards.groups[source])
        self.bounds = self.ends(lengths, length) if len(rows) == 1 else None

    @staticmethod
    def ends(lengths: np.ndarray, length: int) -> Tensor:
        """Where the examples of a packed row begin and end, for a kernel that takes them one by one. Their number is
        rounded up by empty ones."""
        ends = np.concatenate(([0], np.cumsum(lengths)))
        # padding, no longer than they
        ends = np.concatenate((ends, np.arange(ends[-1], length, lengths.max(initial=64))[1:], [length]))
        return torch.from_numpy(np.pad(ends, (0, -len(ends) % 256 + 1), mode="edge").astype(np.int32))

    def to(self, device: torch.device) -> "Rows":
        for name, value in vars(self).items():
            if isinstance(value, Tensor):
                setattr(self, name, value.to(device, non_blocking=True))
        return self


def principal_embeddings(path: Path, width: int, tensor: str = "centres") -> torch.Tensor:
    """Start values of the codes' embeddings [codes, width]: the codebook's centres in their own principal components.

    Likeness of codes is then likeness of embeddings from the first step on. Each level stands in the leading `width`
    components, half-whitened, so that brightness, the largest, does not drown edges; an element's variance is that of
    text (0.5 squared).
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
