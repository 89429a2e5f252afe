#!/usr/bin/env python3
"""Trains a small model of the office, the Guardian's or the clerk's, on examples that `spud agent examples` wrote;
resumes from its last checkpoint.

    learn.py --learner guardian --data examples.bin --held-out held-out.bin --run RUN --out Models/spud-guardian

Model, optimizer and checkpoints are those of ../nano. The answer carries the loss; every id before it a little of it,
so that what is the same in ticket or goal, screen and action is soon found. A step draws its examples by its number, so
that a run that was stopped goes on as if it had not been.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from export import write_weights  # noqa: E402
from nano.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from nano.data import Rows, Shards  # noqa: E402
from nano.huggingface import huggingface_tensors, read_huggingface  # noqa: E402
from nano.model import Config, Model, balance_loss, working_type  # noqa: E402
from nano.optim import Optimizer  # noqa: E402
from train import keep_memory, splits  # noqa: E402

PAD, BOS, END = 256, 257, 258
ANSWER = 0x8000  # the bit of an id that is of an answer
PLACES = 364  # the first id of the clerk's places
VERDICTS = 3  # the last of the control ids: allow, ask, veto


class Examples(Shards):
    """A file of examples: how many ids there are, then each example's length and ids, of 16 bits; those of answers have
    the highest one set."""

    def __init__(self, path: Path):
        numbers = np.fromfile(path, "<u2")
        self.vocabulary, place, starts, lengths = int(numbers[0]), 1, [], []
        while place < len(numbers):
            starts.append(place + 1)
            lengths.append(int(numbers[place]))
            place += 1 + lengths[-1]
        self.starts, self.lengths = np.array(starts), np.array(lengths)
        self.tokens, self.answer = numbers & ~np.uint16(ANSWER), numbers >= ANSWER
        # The kind of an example is the first id of its answer; all exercises in places are of one.
        at = np.flatnonzero(self.answer)
        kinds = np.minimum(self.tokens[at[np.searchsorted(at, self.starts)]], PLACES)
        self.groups = np.zeros(len(numbers), np.uint8)
        self.kinds = [np.flatnonzero(kinds == kind) for kind in sorted(set(kinds.tolist()))]

    def draw(self, random: np.random.Generator, rows: int, length: int) -> Rows:
        """Rows of examples, half of them of the first kind of answer: `allow`, or a click."""
        some, room = [], 0.97 * rows * length
        while True:
            kind = self.kinds[0 if random.random() < 0.5 else random.integers(1, len(self.kinds))]
            e = kind[random.integers(len(kind))]
            room -= self.lengths[e]
            if room < 0:
                break
            some.append(e)
        packed = self.pack(np.array(some), length)[:rows]
        return Rows(self, packed + [[]] * (rows - len(packed)), length)


def held_out_logits(model: Model, data: Examples, count: int, length: int):
    """Of some examples, batch by batch: the example that each id of an answer is of, its logits, and the id that they
    should have given."""
    rows = data.pack(np.random.default_rng(0).permutation(len(data.lengths))[:count], length)
    with torch.no_grad():
        for at in range(0, len(rows), 8):
            part = rows[at : at + 8]
            batch = Rows(data, part + [[]] * (8 - len(part)), length)
            hidden, _, _ = model.trunk(batch.tokens, batch.segments)
            row, column = batch.answer[:, 1:].nonzero(as_tuple=True)
            logits = F.linear(hidden[row, column], model.head).float()
            yield batch.segments[row, column], logits, batch.tokens[row, column + 1]


def actions_measured(model: Model, data: Examples, count: int, length: int) -> dict:
    """How many of the held-out actions are right from their first id to their last."""
    right = total = 0
    for example, logits, target in held_out_logits(model, data, count, length):
        wrong = set(example[logits.argmax(-1) != target].tolist())
        all_of_them = set(example.tolist())
        right, total = right + len(all_of_them - wrong), total + len(all_of_them)
    return {"right": right / total, "actions": total}


def verdicts_measured(model: Model, data: Examples, count: int, length: int) -> dict:
    """What held-out examples came to: a row is what it should be, a column what it said (allow, ask, veto), with the
    least probability of `allow` that allows: one in five hundred, or less where more than one of a thousand that
    should be allowed would be stopped. What it does not stop, policies judge too."""
    truths, chances = [], []
    first = int(data.tokens[data.answer].min())
    for _, logits, target in held_out_logits(model, data, count, length):
        truths.append((target - first).numpy())
        chances.append(logits[:, first : first + VERDICTS].softmax(-1).numpy())
    truth, chance = np.concatenate(truths), np.concatenate(chances)
    least = round(float(min(0.002, np.quantile(chance[truth == 0, 0], 0.001))), 6)
    said = np.where(chance[:, 0] >= least, 0, 1 + chance[:, 1:].argmax(-1))
    table = np.zeros((VERDICTS, VERDICTS), int)
    np.add.at(table, (truth, said), 1)
    right = float((chance.argmax(-1) == truth).mean())
    return {"least_allow": least, "right": right, "table": table.tolist()}


@torch.no_grad()
def warm_start(model: Model, directory: Path) -> None:
    """Begins with the layers of another model, and with the rows of its ids."""
    theirs, own = read_huggingface(directory).state_dict(), model.state_dict()
    for name, weight in theirs.items():
        own[name][: len(weight)] = weight
    model.load_state_dict(own)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--learner", choices=["guardian", "clerk"], required=True)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--held-out", type=Path, required=True)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--tokens", type=float, default=12, help="million tokens")
    p.add_argument("--warm", type=Path, help="a model to begin with, whose ids are the first of these")
    p.add_argument("--rows", type=int, default=16)
    p.add_argument("--row", type=int, default=512)
    p.add_argument("--muon", type=float, default=0.02)
    p.add_argument("--adam", type=float, default=0.004)
    p.add_argument("--decay", type=float, default=0.5)
    p.add_argument("--warm-up", type=int, default=50)
    p.add_argument("--language", type=float, default=0.2, help="the share of the loss of ids that are no answer")
    p.add_argument("--steps", type=int, default=0, help="stop after so many; 0 for none")
    p.add_argument("--no-compile", action="store_true")
    a = p.parse_args()
    keep_memory()
    torch.set_num_threads(1)
    a.run.mkdir(parents=True, exist_ok=True)
    data, held_out = Examples(a.data), Examples(a.held_out)
    config = Config(
        vocab_size=data.vocabulary,
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        num_experts=8,
        num_experts_per_tok=2,
        moe_intermediate_size=64,
        max_position_embeddings=1024,
    )
    torch.manual_seed(1)
    model = Model(config).to(working_type())
    if a.warm:
        warm_start(model, a.warm)
    named = dict(model.named_parameters())
    optimizer = Optimizer(named, splits(model), a.muon, a.adam)
    state = {"step": 0, "tokens": 0, "seconds": 0.0}
    state |= load_checkpoint(a.run, model, optimizer) or {}
    size = sum(p.numel() for p in named.values())
    print(f"{size / 1e6:.2f} M parameters, {len(data.lengths)} examples, step {state['step']}", flush=True)
    if not a.no_compile:
        torch._dynamo.config.recompile_limit = 32
        for layer in model.layers:
            layer.compile(dynamic=False)
    started, before, last_save, sums = time.monotonic(), state["seconds"], time.monotonic(), [0.0, 0, 0]
    while state["tokens"] < a.tokens * 1e6 and not (a.steps and state["step"] >= a.steps):
        done = state["tokens"] / (a.tokens * 1e6)
        scale = min(1.0, (state["step"] + 1) / a.warm_up, max((1 - done) / a.decay, 0.01))
        batch = data.draw(np.random.default_rng((1, state["step"])), a.rows, a.row)
        hidden, routers, choices = model.trunk(batch.tokens, batch.segments)
        follows = (batch.segments[:, 1:] == batch.segments[:, :-1]) & (batch.segments[:, 1:] > 0)
        row, column = (follows & batch.answer[:, 1:]).nonzero(as_tuple=True)
        logits = F.linear(hidden[row, column], model.head).float()
        target = batch.tokens[row, column + 1]
        loss = F.cross_entropy(logits, target)
        others = (follows & ~batch.answer[:, 1:]).nonzero(as_tuple=True)
        text = F.cross_entropy(F.linear(hidden[others], model.head).float(), batch.tokens[others[0], others[1] + 1])
        balance, z = balance_loss(routers, choices, (batch.segments > 0).reshape(-1))
        (loss + a.language * text + 0.01 * balance + 1e-4 * z).backward()
        optimizer.step(scale)
        sums[0] += float(loss.detach()) * len(target)
        sums[1] += int((logits.argmax(-1) == target).sum())
        sums[2] += len(target)
        state["step"] += 1
        state["tokens"] += batch.count
        state["seconds"] = before + time.monotonic() - started
        if state["step"] % 50 == 0:
            print(
                f"step {state['step']} tokens {state['tokens'] / 1e6:.2f} M, {state['seconds'] / 60:.1f} min, loss "
                f"{sums[0] / sums[2]:.4f}, right {100 * sums[1] / sums[2]:.1f} %, text {float(text.detach()):.3f}",
                flush=True,
            )
            sums = [0.0, 0, 0]
        if time.monotonic() - last_save > 60:
            save_checkpoint(a.run, model, optimizer, state, 0)
            last_save = time.monotonic()
    save_checkpoint(a.run, model, optimizer, state, 0)
    measured = verdicts_measured if a.learner == "guardian" else actions_measured
    result = measured(model, held_out, 8000, a.row)
    print(f"held out: {result}", flush=True)
    a.out.mkdir(parents=True, exist_ok=True)
    ids = {"<pad>": PAD, "<bos>": BOS, "<end>": END}
    (a.out / "config.json").write_text(json.dumps(config.huggingface(ids), indent=2) + "\n")
    write_weights(huggingface_tensors(model), a.out)
    (a.out / "training.json").write_text(
        json.dumps({"tokens": state["tokens"], "seconds": round(state["seconds"]), "parameters": size} | result) + "\n"
    )


if __name__ == "__main__":
    main()
