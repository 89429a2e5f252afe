#!/usr/bin/env python3
"""Trains spud-long: short streams whose positions are spread over the whole context, first of codes alone, then longer
and longer ones.

    learn.py --model Models/spud-nano --media WORK/media --out WORK/run

The layers, the optimizer and the checkpoints are those of ../nano; the model is dense, and its head is its embedding. A
step draws its streams by its number: a run that was stopped goes on as one that was not.
"""

import argparse
import csv
import json
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from guide import PLACES, looks  # noqa: E402
from model import CONTEXT, LongModel, config  # noqa: E402
from nano.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from nano.files import located  # noqa: E402
from nano.looks import Look, batched  # noqa: E402
from nano.model import working_type  # noqa: E402
from nano.optim import Optimizer  # noqa: E402
from streams import KINDS, Maker  # noqa: E402
from train import keep_memory, splits  # noqa: E402

# Which share of the tokens are of streams of which lengths, of what kinds of facts, and which share of these is asked.
# Finding a code again is learned at once or not at all, and all else rests on it: so codes come first and alone.
STAGES = [(0.10, 100, 400, ["code"], 1.0), (0.48, 100, 420, KINDS, 1.0), (0.24, 400, 1200, KINDS, 0.7),
          (0.11, 1500, 3000, KINDS, 0.4), (0.07, 4000, 7600, KINDS, 0.3)]
STEP = 3072  # ids of a step


def batch(maker: Maker, number: int, done: float, seed: int) -> tuple[tuple[torch.Tensor, ...], list[Look]]:
    """Ids [B, L], positions [B, L], which id comes next in an answer [B, L], and the kind of each answer's question;
    and where heads shall look."""
    rng = np.random.default_rng([seed, number])
    ends = np.cumsum([part for part, *_ in STAGES])
    _, least, most, facts, share = STAGES[min(int(np.searchsorted(ends, done, "right")), len(STAGES) - 1)]
    length, made, room = int(rng.integers(least, most)), [], STEP
    while not made or room > 0.9 * len(made[-1][0][0]):
        stream = maker.stream(rng, length, share, kinds=facts)
        keys = {tuple(maker.encode(" " + f.key)): 0 if f.ids is None else len(f.ids) for f in stream.facts}
        made.append((maker.ids(stream), [KINDS.index(f.kind) for f in stream.questions], keys))
        room -= len(made[-1][0][0])
    rows, told = len(made), []
    longest = -(-max(len(ids) for (ids, _, _), _, _ in made) // 64) * 64  # a product of a new size is compiled first
    tokens = np.full((rows, longest), maker.control["<pad>"], np.int64)
    positions = np.zeros((rows, longest), np.int64)
    targets, kinds = np.full((rows, longest), -1, np.int64), np.full((rows, longest), -1, np.int64)
    for row, ((ids, said, begins), asked, keys) in enumerate(made):
        told.append(looks(rng, ids, begins, keys, said))
        tokens[row, :len(ids)] = ids
        targets[row, :len(ids) - 1] = np.where(said[1:], ids[1:], -1)
        turn = np.cumsum(np.diff(said.astype(int), prepend=0) == 1) - 1
        kinds[row, :len(ids) - 1] = np.where(said[1:], np.array(asked)[np.maximum(turn[1:], 0)], -1)
        # Now and then positions lie as they will in use, else sentences are moved apart.
        gaps = np.zeros(len(ids), np.int64)
        room = CONTEXT - len(ids)
        if rng.random() < 0.85 and room > 0:
            places = np.flatnonzero(begins)
            spread = rng.dirichlet(np.full(len(places) + 1, 0.3)) * room * rng.random()
            gaps[places] = spread[:-1].astype(np.int64)
        positions[row, :len(ids)] = np.arange(len(ids)) + np.cumsum(gaps)
        positions[row, len(ids):] = positions[row, len(ids) - 1]
    return tuple(torch.from_numpy(x) for x in (tokens, positions, targets, kinds)), batched(told, PLACES)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True, help="whose tokenizer and codecs it has")
    p.add_argument("--media", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--tokens", type=float, default=15, help="million; the rate falls over the last 40 %")
    p.add_argument("--muon", type=float, default=0.015)
    p.add_argument("--adam", type=float, default=0.004)
    p.add_argument("--guide", type=float, default=0.2, help="the weight of the loss of ../nano/looks.py")
    p.add_argument("--steps", type=int, default=0, help="stop after so many, to go on later")
    p.add_argument("--save-minutes", type=float, default=3)
    p.add_argument("--row-seconds", type=float, default=30)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    keep_memory()
    a.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(a.seed)
    maker = Maker(a.model, a.media / "train", located(a.model, "tokenizer.json"))
    model = LongModel(config(maker.size))
    model.start_from(a.model)
    model = model.to(working_type())
    named = dict(model.named_parameters())
    optimizer = Optimizer(named, splits(model), a.muon, a.adam)
    state = load_checkpoint(a.out, model, optimizer) or {"step": 0, "tokens": 0, "seconds": 0.0}
    end, before = int(a.tokens * 1e6), state["seconds"]
    print(f"{sum(p.numel() for p in named.values()) / 1e6:.2f} M parameters, {state['tokens'] / 1e6:.2f} M tokens seen")
    started = last_row = last_save = time.monotonic()
    row_tokens, sums, missed_sum, row_step = 0, np.zeros((len(KINDS), 3)), 0.0, state["step"]
    first = state["step"]
    with (a.out / "log.csv").open("a", newline="") as log:
        while state["tokens"] < end and (not a.steps or state["step"] < first + a.steps):
            done = state["tokens"] / end
            (tokens, positions, targets, kinds), told = batch(maker, state["step"], done, a.seed)
            wanted = targets >= 0
            scale = min(1, (state["step"] + 1) / 100, max(0.02, (1 - done) / 0.4))
            # An answer is words: the codes' rows of the head are never asked.
            hidden, missed = model(tokens, positions, told)
            logits = F.linear(hidden[wanted], model.embedding[:maker.spoken]).float()
            losses = F.cross_entropy(logits, targets[wanted], reduction="none")
            (losses.mean() + a.guide * missed).backward()
            missed_sum += missed.item()
            optimizer.step(scale)
            state["step"] += 1
            state["tokens"] += tokens.numel()
            row_tokens += tokens.numel()
            with torch.no_grad():
                right = (logits.argmax(-1) == targets[wanted]).float()
                for kind in range(len(KINDS)):
                    own = kinds[wanted] == kind
                    sums[kind] += [own.sum(), losses[own].sum(), right[own].sum()]
            now = time.monotonic()
            state["seconds"] = before + now - started
            if now - last_row > a.row_seconds:
                each = {n: [round(float(x), 3) for x in s[1:] / max(s[0], 1)] for n, s in zip(KINDS, sums)}
                csv.writer(log).writerow([state["step"], state["tokens"], round(state["seconds"]), round(scale, 3),
                                          round(row_tokens / (now - last_row)), json.dumps(each)])
                log.flush()
                print(f"step {state['step']}, {state['tokens'] / 1e6:.2f} M tokens, {state['seconds'] / 60:.1f} min, "
                      f"{row_tokens / (now - last_row):.0f} tokens/s, length {tokens.shape[1]}, "
                      f"looks {missed_sum / (state['step'] - row_step):.3f}, {each}", flush=True)
                sums, row_tokens, last_row = np.zeros((len(KINDS), 3)), 0, now
                missed_sum, row_step = 0.0, state["step"]
            if now - last_save > a.save_minutes * 60:
                save_checkpoint(a.out, model, optimizer, state, 0)
                last_save = time.monotonic()
    save_checkpoint(a.out, model, optimizer, state, 0)


if __name__ == "__main__":
    main()
