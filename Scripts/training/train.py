#!/usr/bin/env python3
"""Trains the unified model on packed streams; resumes from its last checkpoint; uses CUDA when it is there.

    train.py --model DIR --data build/train/*.safetensors --held-out build/held-out.safetensors --out build/run \\
        --minutes 60

DIR holds vocabulary.json and the codecs. The schedule follows the clock: warm-up, a constant rate, and over the last
part a decay to nothing that ends with the given minutes (or at the time of day of --until), however fast the machine
turns out to be. With --tokens it follows the tokens instead, so that runs can be compared.
"""

import argparse
import csv
import ctypes
import datetime
import json
import os
import signal
import sys
import time
from itertools import repeat
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import torch
from nano.checkpoint import load_checkpoint, save_checkpoint, tokens_seen
from nano.codes import Structure
from nano.data import Shards, Vocabulary, principal_embeddings
from nano.evaluation import teacher_forced
from nano.files import located
from nano.loss import answer_losses
from nano.model import LONGEST, Config, Model, balance_loss, working_type
from nano.optim import Optimizer
from nano.parallel import Group
from nano.plot import plot_losses
from nano.unseen import Unseen
from nano.warm import warm_start
from torch import Tensor

MODALITIES = ["text", "control", "image", "audio"]


def options() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--data", type=Path, nargs="+", required=True)
    p.add_argument("--held-out", type=Path)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--until", default="", help="HH:MM of this machine's clock, instead of --minutes")
    p.add_argument("--tokens", type=float, default=0, help="million tokens to train on, instead of --minutes")
    p.add_argument("--warm", type=Path,
                   help="start from the weights of this run or model directory, with a fresh optimizer")
    p.add_argument("--warm-model", type=Path,
                   help="the model directory of --warm, where its codebooks are others than --model's")
    p.add_argument("--steps", type=int, default=0, help="stop after so many steps (for measurements)")
    p.add_argument("--row", type=int, default=0,
                   help="tokens of a row, into which examples are packed (320; CUDA 24576, the whole step)")
    p.add_argument("--long-row", type=int, default=768,
                   help="tokens of the longest examples, videos of eight frames at most; longer ones are left out")
    p.add_argument("--long-rows", type=int, default=-1,
                   help="longest examples, or as many tokens of shorter ones over --row, in a step of each process (3; "
                        "CUDA 0)")
    p.add_argument("--rows", type=int, default=0, help="rows of one forward pass (13; CUDA 1)")
    p.add_argument("--passes", type=int, default=1, help="forward passes of each process in a step")
    p.add_argument("--threads", type=int, default=0, help="threads of a single process (all cores)")
    p.add_argument("--processes", type=int, default=0, help="processes of one thread each (CPU: one a core; CUDA: 1)")
    p.add_argument("--muon", type=float, default=0.015, help="peak rate of the matrices")
    p.add_argument("--adam", type=float, default=0.003, help="peak rate of the rest")
    p.add_argument("--warm-up", type=int, default=30, help="steps")
    p.add_argument("--decay", type=float, default=0.3, help="share of the time over which the rate falls to nothing")
    p.add_argument("--weights", default="1,1,0.3,0.3", help="loss weights of text, control, image and sound tokens")
    p.add_argument("--balance", type=float, default=0.01)
    p.add_argument("--z", type=float, default=1e-4)
    p.add_argument("--unseen", type=float, default=0.3,
                   help="weight of the penalty that keeps pairs held back neutral (nano/unseen.py)")
    p.add_argument("--unthinking", type=float, default=0,
                   help="share of the examples with a thought that are learned without it")
    p.add_argument("--structure", default="1,1",
                   help="shares by which each step draws the rows of the embedding and of the head to what "
                   "codes show (nano/codes.py)")
    p.add_argument("--save-minutes", type=float, default=4)
    p.add_argument("--eval-minutes", type=float, default=8)
    p.add_argument("--eval-limit", type=int, default=100,
                   help="held-out examples of a task in an evaluation on the way")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--no-compile", action="store_true")
    for name, default in (("hidden", 256), ("layers", 4), ("heads", 4), ("kv-heads", 2), ("head-dim", 64),
                          ("experts", 16),
                          ("top", 2), ("intermediate", 128)):
        p.add_argument("--" + name, type=int, default=default)
    return p.parse_args()


def schedule(done: float, step: int, a: argparse.Namespace) -> float:
    """Warm-up, stable, decay: the share of the peak rates to use when a share `done` of the run is behind."""
    left = max(0.0, (1 - done) / a.decay)
    return min(1.0, (step + 1) / a.warm_up, max(left, 0.01))


def make_model(a: argparse.Namespace, v: Vocabulary) -> Model:
    torch.manual_seed(a.seed)
    model = Model(Config(
        vocab_size=v.size, hidden_size=a.hidden, num_hidden_layers=a.layers, num_attention_heads=a.heads,
        num_key_value_heads=a.kv_heads, head_dim=a.head_dim, num_experts=a.experts, num_experts_per_tok=a.top,
        moe_intermediate_size=a.intermediate))
    with torch.no_grad():
        for (first, count), name, tensor in ((v.image, "image_codec", "centres"),
                                             (v.residual, "image_codec", "residual"),
                                             (v.audio, "audio_codec", "centres")):
            path = located(a.model, f"{name}.safetensors")
            if count and path.exists():
                rows = principal_embeddings(path, a.hidden, tensor)
                model.embedding[first:first + count] = rows[:count]
                model.head[first:first + count] = rows[:count] * 0.02
    return model


def splits(model: Model) -> dict[str, list[int]]:
    """The rows of fused matrices that are matrices of their own."""
    c, found = model.c, {}
    for name, _ in model.named_parameters():
        if name.endswith("qkv"):
            found[name] = [c.num_attention_heads * c.head_dim] + [c.num_key_value_heads * c.head_dim] * 2
        elif name.endswith("gate_up"):
            found[name] = [c.moe_intermediate_size] * 2
    return found


def warm_up(model: Model, v: Vocabulary, rows: int, length: int, shared: bool, device: torch.device) -> None:
    """Compiles forward and backward before the clock starts, for rows that several examples share or that one has to
    itself."""
    tokens = torch.randint(1, v.size, (rows, length), device=device)
    ends = torch.linspace(0, length, 257, device=device).to(torch.int32)
    packed = (ends, torch.zeros_like(tokens)) if device.type == "cuda" and rows == 1 else None
    hidden, routers, _ = model.trunk(tokens, tokens if shared else None, packed)
    (hidden.float().mean() + sum(r.mean() for r in routers)).backward()
    for p in model.parameters():
        p.grad = None


class Meter:
    """Running means of the loss, by modality and by skill, between two rows of the log."""

    def __init__(self):
        self.sums: dict[tuple[str, ...], list] = {}

    def add(self, names: list[str], totals: Tensor, counts: Tensor) -> None:
        """Adds up where the numbers are, one for each name: reading them from a GPU would wait for it."""
        s = self.sums.setdefault(tuple(names), [0.0, 0.0])
        s[0] = s[0] + totals.double()
        s[1] = s[1] + counts

    def losses(self, losses: Tensor, weight: Tensor, kinds: Tensor, skill_of: list[int], segments: Tensor,
               skills: list[str]) -> None:
        """Adds a batch's losses of answer tokens; segments are numbers of examples from 1, as `skill_of` counts from
        0."""
        self.add(["loss"], (losses * weight).sum(), weight.sum())
        of = torch.tensor(skill_of, device=losses.device)[segments - 1]
        for names, index in ((MODALITIES, kinds), (skills, of)):
            both = torch.zeros(len(names), 2, device=losses.device).index_add_(
                0, index, torch.stack((losses, torch.ones_like(losses)), 1)
            )
            self.add(names, both[:, 0], both[:, 1])

    def means(self) -> dict[str, float]:
        found = {}
        for names, (totals, counts) in self.sums.items():
            of = zip(names, totals.reshape(-1).tolist(), counts.reshape(-1).tolist())
            found |= {name: total / count for name, total, count in of if count > 0}
        self.sums.clear()
        return found


def train(rank: int, ranks: int, a: argparse.Namespace) -> None:
    cuda = torch.cuda.is_available()
    device = torch.device("cuda" if cuda else "cpu")
    if not cuda:
        torch.set_num_threads(1 if ranks > 1 else a.threads or os.cpu_count() or 1)
    if ranks > 1:
        torch.distributed.init_process_group("gloo", init_method=f"file://{a.out.resolve()}/.group", rank=rank,
                                             world_size=ranks)
    group, v = Group(rank, ranks), Vocabulary.load(a.model / "vocabulary.json")
    rows, a.row = a.rows or (1 if cuda else 13), a.row or (24576 if cuda else 320)
    a.long_rows = a.long_rows if a.long_rows >= 0 else (0 if cuda else 3)
    if cuda and rows == 1:  # a single row is the whole step
        a.row, a.passes = a.row * a.passes, 1
    if cuda and a.long_row > LONGEST:
        raise SystemExit(f"--long-row {a.long_row}: on a GPU an example has {LONGEST} tokens at most")
    weights = torch.tensor([float(w) for w in a.weights.split(",")], device=device)

    shards = Shards(a.data, v, a.unthinking)
    held_out = Shards([a.held_out], v) if a.held_out else None
    skills = sorted(set(shards.skills))
    long_rows = shards.long_row_counts(a.long_rows * a.long_row, a.row, a.long_row)
    unseen = Unseen(shards, a.model, v, device)
    # two codes stand for pictures that are never met
    structure = Structure(located(a.model, "image_codec.safetensors"), v, shards, device) if v.image[1] > 2 else None
    shares = dict(zip(("embedding", "head"), map(float, a.structure.split(","))))
    model = make_model(a, v).to(device, working_type(device))
    named = dict(model.named_parameters())
    owners = group.owner(named)
    optimizer = Optimizer({n: p for n, p in named.items() if owners[n] == rank}, splits(model), a.muon, a.adam)
    state = {"step": 0, "tokens": 0, "seconds": 0.0, "epochs": 0.0, "seed": a.seed}
    resumed = load_checkpoint(a.out, model, optimizer)
    if resumed:
        state |= resumed
    elif a.warm:
        warm_start(model, a.warm, a.warm_model or a.model, a.model)
        state["before"] = tokens_seen(a.warm)  # now: an export may write over what --warm names
        optimizer.reset_masters()
    read = time.monotonic()
    if a.until:
        now = datetime.datetime.now()
        hour, minute = map(int, a.until.split(":"))
        total = state["seconds"] + (now.replace(hour=hour, minute=minute, second=0) - now).total_seconds() % 86400
    else:
        total = a.minutes * 60
    if rank == 0:
        parameters = sum(p.numel() for p in named.values())
        print(f"{parameters / 1e6:.2f} M parameters, {len(shards.lengths)} examples of {len(shards.tokens) / 1e6:.2f} "
              f"M tokens, "
              f"{ranks} process(es) on {device}, "
              f"{'resumed at step ' + str(state['step']) if resumed else 'from the start'}, "
              + (f"{a.tokens:g} M tokens" if a.tokens else f"{(total - state['seconds']) / 60:.1f} minutes to go"),
              flush=True)
        (a.out / "arguments.json").write_text(json.dumps(vars(a), default=str, indent=2) + "\n")

    shape = (a.long_rows, a.long_row) if long_rows else (12, a.long_row) if cuda else (rows, a.row)
    if held_out and held_out.lengths.max() > shape[1]:  # it may hold longer examples than the data do
        shape = (max(a.long_rows, 1), int(held_out.lengths.max()))
    if not a.no_compile:
        torch._dynamo.config.recompile_limit = 32  # a graph for each length of long rows
        for layer in model.layers:  # one graph serves every layer, which a sixth of the time compiles
            layer.compile(dynamic=False)
        warm_up(model, v, rows, a.row, True, device)
        for length, count in long_rows.items():
            warm_up(model, v, count, length, False, device)
        if held_out:
            with torch.no_grad():
                tokens = torch.ones(shape, dtype=torch.long, device=device)
                model.trunk(tokens, tokens)
    started, before = time.monotonic(), state["seconds"]
    if a.until:
        total -= started - read  # which compiling took
    last_save = last_eval = last_row = started
    row_tokens, meter = 0, Meter()
    log = open(a.out / "log.csv", "a", newline="") if rank == 0 else None
    columns = ["step", "seconds", "tokens", "epochs", "rate", "tokens_per_second", "loss", "balance",
               "unseen"] + MODALITIES + skills
    writer = csv.DictWriter(log, columns, restval="") if log else None
    if writer and log.tell() == 0:
        writer.writeheader()

    def write_row(now: float) -> None:
        nonlocal last_row, row_tokens
        means = meter.means()
        row = {"step": state["step"], "seconds": round(state["seconds"], 1), "tokens": state["tokens"],
               "epochs": round(state["epochs"], 3),
               "rate": round(scale, 4), "tokens_per_second": round(row_tokens / (now - last_row))}
        writer.writerow(row | {n: round(m, 4) for n, m in means.items()})
        log.flush()
        print(" ".join(f"{k} {x}" for k, x in row.items()), " ".join(f"{k} {m:.3f}" for k, m in means.items()),
              flush=True)
        last_row, row_tokens = now, 0

    drawn = (state["seed"], state["step"], rank, ranks)
    batches = shards.batches(rows * a.passes, a.row, a.long_row, *drawn)
    longer = shards.alike(long_rows, a.row, a.long_row, *drawn) if long_rows else repeat(None)
    for (batch, epochs), long_batch in zip(batches, longer):
        elapsed = before + time.monotonic() - started
        done = state["tokens"] / (a.tokens * 1e6) if a.tokens else elapsed / total
        if group.any(done >= 1 or bool(a.steps) and state["step"] >= a.steps):
            break
        scale = schedule(done, state["step"], a)
        # for answer_losses: a run that was stopped draws as one that was not
        torch.manual_seed(state["seed"] + 1000 * state["step"])
        passes = [(batch, slice(first, first + rows))
                  for first in range(0, len(batch.tokens), rows)] + ([(long_batch, slice(None))] if long_batch else [])
        for part in {id(p): p for p, _ in passes}.values():
            part.to(device)
        mass = sum((weights[v.modality(p.tokens[r])] * p.answer[r]).sum() for p, r in passes)
        for part, some in passes:
            tokens, answer, segments, groups = (t[some] for t in (part.tokens, part.answer, part.segments, part.groups))
            kinds = v.modality(tokens)
            packed = (part.bounds, part.positions) if cuda and part.bounds is not None else None
            hidden, routers, choices = model.trunk(tokens, segments if part is batch else None, packed)
            target = answer[:, 1:].nonzero()
            row, column = target[:, 0], target[:, 1]
            losses, spread, penalty = answer_losses(hidden[row, column], tokens[row, column + 1], model.head, v,
                                                    cuda or state["step"] % 8 == 0, unseen, groups[row, column + 1])
            weight = weights[kinds[row, column + 1]]
            balance, z = balance_loss(routers, choices, (segments > 0).reshape(-1))
            regular = a.balance * balance + a.z * (z + spread.square().mean())
            ((losses * weight).sum() / mass + a.unseen * penalty / mass + regular / len(passes)).backward()
            if rank == 0:
                meter.add(["balance"], balance.detach(), torch.ones(()))
                meter.add(["unseen"], penalty.detach(), (groups > 0).sum() + 1e-9)
                meter.losses(losses.detach(), weight, kinds[row, column + 1],
                             [skills.index(shards.skills[e]) for e in part.examples], segments[row, column + 1], skills)
        count = batch.count + (long_batch.count if long_batch else 0)
        gradients = [p.grad for p in named.values() if p.grad is not None]
        group.mean(gradients)
        optimizer.step(scale)
        for p in named.values():
            p.grad = None
        if structure:
            structure.draw(optimizer.named, optimizer.masters, shares)
        group.share(named, owners)
        state["step"] += 1
        state["tokens"] += count * ranks
        state["epochs"], row_tokens = epochs, row_tokens + count * ranks
        now = time.monotonic()
        state["seconds"] = before + now - started

        # Runs that are compared, those of so many tokens, have their rows at the same tokens; others one every 15
        # seconds.
        due = row_tokens >= a.tokens * 2e4 if a.tokens else now - last_row > 15
        if rank == 0 and (due or a.steps):
            write_row(now)
        if group.any(rank == 0 and now - last_save > a.save_minutes * 60):
            save_checkpoint(a.out, model, optimizer, state, rank)
            last_save = time.monotonic()
            if rank == 0:
                plot_losses(a.out / "log.csv", a.out / "log.png")
        if held_out and rank == 0 and now - last_eval > a.eval_minutes * 60:
            report(model, held_out, shape[0], shape[1], state, a.out, limit=a.eval_limit)
            last_eval = time.monotonic()
    save_checkpoint(a.out, model, optimizer, state, rank)
    if rank == 0:
        if row_tokens:
            write_row(time.monotonic())
        plot_losses(a.out / "log.csv", a.out / "log.png")
        if held_out:
            report(model, held_out, shape[0], shape[1], state, a.out, limit=0)
        print(f"done: {state['step']} steps, {state['tokens'] / 1e6:.2f} M tokens, {state['seconds'] / 60:.1f} minutes",
              flush=True)
    if ranks > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def report(model: Model, held_out: Shards, rows: int, length: int, state: dict, out: Path, limit: int) -> None:
    """Exact match by task on held-out examples, on stderr and in accuracy.csv."""
    table = teacher_forced(model, held_out, limit, rows, length)
    line = f"step {state['step']} tokens {state['tokens']} " + " ".join(
        f"{k} {100 * r:.0f}%" for k, (r, _) in table.items()
    )
    print("held out:", line, flush=True)
    with open(out / "accuracy.csv", "a", newline="") as f:
        for task, (right, count) in table.items():
            csv.writer(f).writerow([state["step"], state["tokens"], round(state["seconds"]), task, round(right, 4),
                                    count])


def spawned(rank: int, ranks: int, a: argparse.Namespace) -> None:
    if sys.platform == "linux":  # a process that outlives a killed parent would go on writing into the next run's files
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    train(rank, ranks, a)


def check_beginning(a: argparse.Namespace) -> None:
    """Stops where the run in --out began otherwise than --warm says: it would go on from its own checkpoint all the
    same."""
    if not (a.out / "state.json").exists():
        return
    began = json.loads((a.out / "arguments.json").read_text())["warm"]
    if (Path(began).resolve() if began else None) != (a.warm.resolve() if a.warm else None):
        raise SystemExit(f"the run in {a.out} began with {began or 'fresh weights'}, not with "
                         f"{a.warm or 'fresh weights'}: "
                         "give the --warm that it had, or another --out")


def keep_memory() -> None:
    """Starts the program anew with an allocator that keeps what is freed, in huge pages.

    glibc hands each large tensor back at once and faults its pages in again at the next operation: a fifth of a step on
    a CPU.
    """
    if sys.platform == "linux" and "GLIBC_TUNABLES" not in os.environ and not torch.cuda.is_available():
        keep = {"hugetlb": 1, "mmap_threshold": 4 << 30, "trim_threshold": 16 << 30, "top_pad": 64 << 20}
        os.environ["GLIBC_TUNABLES"] = ":".join(f"glibc.malloc.{name}={value}" for name, value in keep.items())
        os.execv(sys.executable, [sys.executable, *sys.argv])


def main() -> None:
    a = options()
    check_beginning(a)
    keep_memory()
    a.out.mkdir(parents=True, exist_ok=True)
    ranks = a.processes or (1 if torch.cuda.is_available() else min(4, os.cpu_count() or 1))
    (a.out / ".group").unlink(missing_ok=True)
    if ranks == 1:
        train(0, 1, a)
    else:
        torch.multiprocessing.spawn(spawned, (ranks, a), nprocs=ranks)


if __name__ == "__main__":
    main()
