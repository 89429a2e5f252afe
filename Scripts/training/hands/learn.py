#!/usr/bin/env python3
"""Trains the hands on packed demonstrations; resumes from its last checkpoint, and takes up new shards as they come.

    learn.py --model MODEL --data SHARDS --out RUN --tokens 150

The model, the optimizer and the checkpoints are those of ../train.py. What differs: only actions have a loss, told
apart from text and control ids alone; pages are drawn by weights, not by how many examples they have; a step draws its
examples by its number, so that a run that was stopped goes on as one that was not, as long as the shards are the same.
"""

import argparse
import csv
import ctypes
import datetime
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from drills import copying, finding, halving  # noqa: E402
from guide import Guide  # noqa: E402
from guide import loss as guided  # noqa: E402
from nano.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from nano.data import Rows, Shards  # noqa: E402
from nano.model import Config, Model, balance_loss, working_type  # noqa: E402
from nano.optim import Optimizer  # noqa: E402
from nano.parallel import Group  # noqa: E402
from pointer import Pointer  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402
from stream import BINS, Stream  # noqa: E402
from train import keep_memory, splits  # noqa: E402


class Demonstrations(Shards):
    """All shards of a folder. pages: each page's examples, those of exercises under PAGE+, under list+ all pages'
    screens to be listed, and under copy+, find+ and half+ what drills.py makes of them."""

    def __init__(self, folder: Path, stream: Stream, letters: dict[str, str], longest: int):
        self.spelled = spelled = {
            stream.image + int(code): stream.byte[ord(letter)] for code, letter in letters.items() if ord(letter) < 128
        }
        tokens, lengths, self.pages, number = [], [], {}, 0
        chance = random.Random(len(list(folder.glob("*.safetensors"))))
        self.names = sorted(p.name for p in folder.glob("*.safetensors"))
        for name in self.names:
            shard = load_file(folder / name)
            page = name.rsplit("-", 1)[0]
            some = np.diff(shard["offsets"])
            tokens.append(shard["tokens"])
            lengths.append(some)
            for kind, suffix in ((0, ""), (1, "+")):
                fit = number + np.flatnonzero((shard["kinds"] == kind) & (some <= longest))
                if len(fit):
                    self.pages.setdefault(page + suffix, []).append(fit)
            number += len(some)
            lists = [
                stream.listing(shard["tokens"][shard["offsets"][e] : shard["offsets"][e + 1]].tolist(), spelled)
                for e in np.flatnonzero(shard["kinds"] == 0)[::4]
            ]
            whole = [
                shard["tokens"][shard["offsets"][e] : shard["offsets"][e + 1]].tolist()
                for e in np.flatnonzero(shard["kinds"] == 0)
            ]
            copies = [copying(stream, ids, chance) for ids in whole for _ in range(3)]
            finds = [finding(stream, ids, spelled, chance) for ids in whole[::2]]
            halves = [halving(stream, ids, chance) for ids in whole for _ in range(4)]
            for made, kind in ((lists, "list+"), (copies, "copy+"), (finds, "find+"), (halves, "half+")):
                made = [np.array(ids, np.uint16) for ids in made if ids and len(ids) <= longest]
                if made:
                    tokens.append(np.concatenate(made))
                    lengths.append(np.array([len(ids) for ids in made]))
                    self.pages.setdefault(kind, []).append(number + np.arange(len(made)))
                    number += len(made)
        self.pages = {page: np.concatenate(parts) for page, parts in sorted(self.pages.items())}
        self.tokens, self.lengths = np.concatenate(tokens), np.concatenate(lengths)
        self.starts = np.concatenate(([0], np.cumsum(self.lengths)[:-1]))
        first, after = stream.control["<assistant>"], np.cumsum(self.tokens == stream.control["<assistant>"])
        ends = np.repeat(self.starts, self.lengths)
        self.answer = (after - (after[ends] - (self.tokens[ends] == first))).astype(bool) & (self.tokens != first)
        self.groups = np.zeros(len(self.tokens), np.uint8)

    def draw(self, random: np.random.Generator, rows: int, length: int, weights: dict[str, float]) -> Rows:
        """Rows of examples of pages drawn by weight."""
        names = list(self.pages)
        weights = {"list+": 4.0, "copy+": 8.0, "find+": 8.0, "half+": 2.0} | weights
        chances = np.array([weights.get(n, weights.get("+", 0.5) if n.endswith("+") else 1.0) for n in names])
        which = random.choice(len(names), 4 * rows * length // 100, p=chances / chances.sum())
        some, room = [], 0.97 * rows * length
        for w in which:
            e = self.pages[names[w]][random.integers(len(self.pages[names[w]]))]
            if room < self.lengths[e]:
                break
            room -= self.lengths[e]
            some.append(e)
        packed = self.pack(np.array(some), length)[:rows]
        return Rows(self, packed + [[]] * (rows - len(packed)), length)


def begin(config: Config, stream: Stream, letters: dict[str, str], seed: int) -> Model:
    """A fresh model: codes begin as what they show, in principal components, near the letter that they show; places as
    smooth waves."""
    torch.manual_seed(seed)
    model, width = Model(config), config.hidden_size
    with torch.no_grad():
        x = torch.from_numpy(stream.codebook.patches.reshape(len(stream.codebook.patches), -1)).float()
        x = x - x.mean(0)
        _, _, axes = torch.linalg.svd(x, full_matrices=False)
        x = x @ axes[:width].T
        x = x / x.std(0, keepdim=True).clamp_min(1e-3 * x.std(0).max()).sqrt()
        random = torch.randn(x.shape[0], width)  # codes alike but not the same stay apart
        x = 0.4 * x / x.square().mean().sqrt() + 0.3 * random
        for code, letter in letters.items():
            if len(letter.encode()) == 1:
                x[int(code)] = 0.8 * model.embedding[stream.byte[ord(letter)]] + 0.4 * x[int(code)]
        model.embedding[stream.image : stream.image + len(x)] = x
        angle = torch.arange(BINS)[:, None] * 3.14159 / torch.logspace(0.3, 2.3, width // 4)[None]
        waves = torch.cat((angle.cos(), angle.sin()), 1)
        for first, turn in ((stream.x, 0), (stream.y, 1)):
            model.embedding[first : first + BINS, turn * width // 2 : (turn + 1) * width // 2] += 0.5 * waves
        model.head[: stream.image] = 0.05 * model.embedding[: stream.image]  # what is looked at is likely to be said
    return model


def wait_while_stopped(pid: int) -> None:
    """Sleeps while another process is stopped, so that stopping that one stops all."""
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt":
        time.sleep(0.5)


def trained(a: argparse.Namespace, rank: int, ranks: int) -> None:
    torch.set_num_threads(1)
    if ranks > 1:
        meeting, week = (
            f"file://{a.out.resolve()}/.group",
            datetime.timedelta(days=7),
        )  # one that is stopped is not lost
        torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=ranks, timeout=week)
    group, stream = Group(rank, ranks), Stream(a.model)
    known = a.model / "letters.json"
    letters = json.loads(known.read_text()) if known.exists() else {}
    data = Demonstrations(a.data, stream, letters, a.row)
    config = Config(
        vocab_size=stream.size,
        hidden_size=a.hidden,
        num_hidden_layers=a.layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        num_experts=a.experts,
        num_experts_per_tok=2,
        moe_intermediate_size=a.intermediate,
    )
    model = begin(config, stream, letters, a.seed).to(working_type())
    spent = {"tokens": 0, "seconds": 0.0}
    if a.warm and not (a.out / "state.json").exists():
        from warm import warm_start

        warm_start(model, a.warm, a.warm_model, stream)
        seen = json.loads((a.warm / "state.json").read_text())
        spent = {n: seen[n] + seen.get("before", {}).get(n, 0) for n in ("tokens", "seconds")}
    named = dict(model.named_parameters())
    owners = group.owner(named)
    optimizer = Optimizer({n: p for n, p in named.items() if owners[n] == rank}, splits(model), a.muon, a.adam)
    state = {"step": 0, "tokens": 0, "seconds": 0.0, "before": spent}
    state |= load_checkpoint(a.out, model, optimizer) or {}
    pointer = Pointer(config.hidden_size, stream)
    if (a.out / "pointer.pt").exists():
        pointer.load_state_dict(torch.load(a.out / "pointer.pt", weights_only=True))
    pointing = torch.optim.AdamW(pointer.parameters(), lr=2e-3, weight_decay=0)
    if rank == 0:
        print(
            f"{sum(p.numel() for p in named.values()) / 1e6:.2f} M parameters, {len(data.lengths)} examples of "
            f"{len(data.tokens) / 1e6:.1f} M tokens, {len(data.pages)} pages and exercises, {ranks} process(es), "
            f"step {state['step']}",
            flush=True,
        )
        (a.out / "arguments.json").write_text(json.dumps(vars(a), default=str, indent=2) + "\n")
    if not a.no_compile:
        torch._dynamo.config.recompile_limit = 32
        for layer in model.layers:
            layer.compile(dynamic=False)
    guide = Guide(stream, data.spelled)
    small = stream.image  # ids that an answer may have
    sums: dict[str, list[float]] = {}
    page_of = {int(e): n for n, some in data.pages.items() for e in some}
    now = started = last_save = last_row = last_look = time.monotonic()
    before, row_tokens, points_sum, row_step = state["seconds"], 0, np.zeros(2), state["step"]
    log = open(a.out / "log.csv", "a", newline="") if rank == 0 else None
    parent = os.getppid()

    def save() -> None:
        save_checkpoint(a.out, model, optimizer, state, rank)
        if rank == 0:
            torch.save(pointer.state_dict(), a.out / "pointer.pt")

    while True:
        if ranks > 1:
            wait_while_stopped(parent)
        done = state["tokens"] / (a.tokens * 1e6)
        if group.any(done >= 1 or bool(a.steps) and state["step"] >= a.steps):
            break
        scale = min(1.0, (state["step"] + 1) / a.warm_up, max((1 - done) / a.decay, 0.01))
        weights = json.loads((a.out / "weights.json").read_text()) if (a.out / "weights.json").exists() else {}
        random = np.random.default_rng((a.seed, state["step"], rank))
        batch = data.draw(random, a.rows, a.row, weights)
        seen: list[torch.Tensor] = []
        hidden, routers, choices = model.trunk(batch.tokens, batch.segments, seen=seen)
        missed = guided(model, guide.looks(random, batch.tokens, batch.segments), batch.tokens, seen)
        pointed = pointer.loss(seen[a.point_layer - 1], batch.tokens, batch.segments, batch.answer)
        target = batch.answer[:, 1:].nonzero()
        row, column = target[:, 0], target[:, 1]
        logits = F.linear(hidden[row, column], model.head[:small]).float()
        losses = F.cross_entropy(logits, batch.tokens[row, column + 1], reduction="none")
        balance, z = balance_loss(routers, choices, (batch.segments > 0).reshape(-1))
        # A long answer counts more than a short one, but not by its length: lists would be all that is learned.
        segment = batch.segments[row, column + 1]
        share = torch.bincount(segment).float().clamp_min(1).rsqrt()[segment]
        (
            (losses * share).sum() / share.sum()
            + 0.01 * balance
            + 1e-4 * (z + logits.logsumexp(-1).square().mean())
            + a.point * pointed
            + a.guide * missed
        ).backward()
        if rank == 0:
            each = torch.zeros(len(batch.examples) + 1).index_add_(0, segment, losses.detach())
            wrong = torch.zeros(len(batch.examples) + 1).index_add_(
                0, segment, (logits.argmax(-1) != batch.tokens[row, column + 1]).float()
            )
            for e, loss, w in zip(batch.examples, each[1:].tolist(), wrong[1:].tolist()):
                s = sums.setdefault(page_of[e], [0, 0.0, 0])
                s[0], s[1], s[2] = s[0] + 1, s[1] + loss, s[2] + (w == 0)
        group.mean([p.grad for p in [*named.values(), *pointer.parameters()] if p.grad is not None])
        optimizer.step(scale)
        pointing.step()
        pointing.zero_grad()
        points_sum += np.array((pointed.item(), missed.item()))
        for p in named.values():
            p.grad = None
        group.share(named, owners)
        state["step"] += 1
        state["tokens"] += batch.count * ranks
        row_tokens += batch.count * ranks
        now = time.monotonic()
        state["seconds"] = before + now - started
        if rank == 0 and now - last_row > a.row_seconds:
            write_row(csv.writer(log), state, scale, row_tokens / (now - last_row), sums)
            log.flush()
            pointing_loss, looking_loss = points_sum / (state["step"] - row_step)
            print(f"pointing {pointing_loss:.3f}, looking {looking_loss:.3f}", flush=True)
            sums, row_tokens, last_row, points_sum, row_step = {}, 0, now, np.zeros(2), state["step"]
        if group.any(rank == 0 and now - last_save > a.save_minutes * 60):
            save()
            last_save = time.monotonic()
        if group.any(rank == 0 and now - last_look > a.look_minutes * 60):
            data = Demonstrations(a.data, stream, letters, a.row)
            page_of = {int(e): n for n, some in data.pages.items() for e in some}
            last_look = time.monotonic()
            if rank == 0:
                print(f"{len(data.lengths)} examples of {len(data.tokens) / 1e6:.1f} M tokens", flush=True)
    save()


def write_row(writer, state: dict, scale: float, speed: float, sums: dict[str, list[float]]) -> None:
    """A line of the log: the loss of an action, and the share of actions whose every token was the likeliest, by
    page."""
    count = sum(s[0] for s in sums.values())
    if not count:
        return
    loss, right = sum(s[1] for s in sums.values()) / count, sum(s[2] for s in sums.values()) / count
    writer.writerow(
        [
            state["step"],
            state["tokens"],
            round(state["seconds"]),
            round(scale, 3),
            round(speed),
            round(loss, 4),
            round(right, 4),
            json.dumps({n: [s[0], round(s[1] / s[0], 3), round(s[2] / s[0], 3)] for n, s in sorted(sums.items())}),
        ]
    )
    print(
        f"step {state['step']} tokens {state['tokens'] / 1e6:.2f} M, {state['seconds'] / 60:.1f} min, "
        f"{speed:.0f} tokens/s, loss {loss:.3f}, right {100 * right:.1f} %",
        flush=True,
    )


def spawned(rank: int, a: argparse.Namespace) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    trained(a, rank, a.processes)


def options() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--warm", type=Path, help="a run to begin with the weights of")
    p.add_argument("--warm-model", type=Path, help="that run's codebook")
    p.add_argument(
        "--tokens", type=float, default=150, help="million tokens; over the last part of them the rate falls to nothing"
    )
    p.add_argument("--decay", type=float, default=0.3)
    p.add_argument("--steps", type=int, default=0)
    p.add_argument("--row", type=int, default=384)
    p.add_argument("--rows", type=int, default=12)
    p.add_argument("--processes", type=int, default=2)
    p.add_argument("--muon", type=float, default=0.015)
    p.add_argument("--adam", type=float, default=0.003)
    p.add_argument("--warm-up", type=int, default=50)
    p.add_argument("--save-minutes", type=float, default=4)
    p.add_argument("--look-minutes", type=float, default=10)
    p.add_argument("--row-seconds", type=float, default=30)
    p.add_argument("--point", type=float, default=1.5, help="the weight of the loss of pointer.py")
    p.add_argument("--guide", type=float, default=0.1, help="the weight of the loss of guide.py")
    p.add_argument("--point-layer", type=int, default=4, help="the layer, from 1, whose output it reads")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--no-compile", action="store_true")
    for name, default in (("hidden", 256), ("layers", 6), ("experts", 16), ("intermediate", 128)):
        p.add_argument("--" + name, type=int, default=default)
    return p.parse_args()


def main() -> None:
    a = options()
    keep_memory()
    a.out.mkdir(parents=True, exist_ok=True)
    (a.out / ".group").unlink(missing_ok=True)
    (a.out.parent / "pid").write_text(f"{os.getpid()}\n")
    if a.processes == 1:
        trained(a, 0, 1)
    else:
        torch.multiprocessing.spawn(spawned, (a,), nprocs=a.processes)


if __name__ == "__main__":
    main()
