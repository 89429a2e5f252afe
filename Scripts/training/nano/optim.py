"""Muon for the matrices, AdamW for the rest, over float32 masters of bfloat16 weights, which may be held as float32."""

import torch
from torch import Tensor

# The quintic of Newton-Schulz steps (Jordan et al. 2024). Coefficients fitted step by step promise more, but in
# bfloat16 their first, steep step lets the largest singular value overshoot to 2 and 4, and training falls apart.
COEFFICIENTS = [(3.4445, -4.7750, 2.0315)] * 5


# Parts of the peak rate of AdamW. A row of the head answers to every token, one of the embedding only to its own.
SHARES = {"head": 0.4, "router": 0.3, "norm": 0.5}


def orthogonal(g: Tensor, dtype: torch.dtype) -> Tensor:
    """The nearest (semi-)orthogonal matrix to each matrix of `g` [..., m, n], roughly, by products of `dtype`."""
    x = g.to(dtype)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for a, b, c in COEFFICIENTS:
        s = x @ x.mT
        x = a * x + (b * s + c * (s @ s)) @ x
    return (x.mT if tall else x).float()


def rounded(master: Tensor) -> Tensor:
    """The bfloat16 numbers that are trained and shipped, also on a machine that multiplies float32."""
    return master.bfloat16()


class Optimizer:
    """One step over `named` parameters. `split` says of a fused matrix into how many rows-blocks it falls for Muon."""

    def __init__(self, named: dict[str, Tensor], splits: dict[str, list[int]], muon_lr: float, adam_lr: float,
                 weight_decay: float = 0.01, momentum: float = 0.95, betas: tuple[float, float] = (0.9, 0.97)):
        self.named, self.splits = named, splits
        self.muon_lr, self.adam_lr, self.weight_decay = muon_lr, adam_lr, weight_decay
        self.momentum, self.betas = momentum, betas
        self.steps = 0
        self.masters = {n: p.detach().float().clone() for n, p in named.items()}
        self.first = {n: torch.zeros_like(m) for n, m in self.masters.items()}
        self.second = {n: torch.zeros_like(m) for n, m in self.masters.items() if not self.is_matrix(n)}

    def is_matrix(self, name: str) -> bool:
        return self.named[name].ndim >= 2 and not any(w in name for w in ("embedding", "head", "router"))

    @torch.no_grad()
    def step(self, scale: float) -> None:
        """Applies the gradients in `.grad` at `scale` times the peak rates, and clears them."""
        self.steps += 1
        gradients = {n: p.grad.float() for n, p in self.named.items() if p.grad is not None}
        matrices = [n for n in gradients if self.is_matrix(n)]
        updates = self.muon({n: gradients.pop(n) for n in matrices})
        rates = dict.fromkeys(updates, self.muon_lr * scale)
        for name, g in gradients.items():
            b1, b2 = self.betas
            m, v = self.first[name], self.second[name]
            m.lerp_(g, 1 - b1)
            v.lerp_(g.square(), 1 - b2)
            updates[name] = (m / (1 - b1 ** self.steps)) / ((v / (1 - b2 ** self.steps)).sqrt() + 1e-8)
            rates[name] = self.adam_lr * scale * next((f for word, f in SHARES.items() if word in name), 1.0)
        for name, update in updates.items():
            p, master = self.named[name], self.masters[name]
            if p.ndim >= 2:
                master.mul_(1 - rates[name] * self.weight_decay)
            master.add_(update, alpha=-rates[name])
            p.copy_(rounded(master))
            p.grad = None

    def muon(self, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
        """The matrices' updates. Those of one shape, of all layers and experts, are made orthogonal together: a GPU's
        time goes by products, not sizes."""
        blocks: dict[str, tuple[Tensor, ...]] = {}
        alike: dict[torch.Size, list[Tensor]] = {}
        for name, g in gradients.items():
            self.first[name].lerp_(g, 1 - self.momentum)
            g = g.lerp(self.first[name], self.momentum)
            blocks[name] = g.split(self.splits[name], -2) if name in self.splits else (g,)
            for b in blocks[name]:
                alike.setdefault(b.shape[-2:], []).append(b)
        made: dict[int, Tensor] = {}
        for (rows, columns), some in alike.items():
            stack = torch.cat([b.reshape(-1, rows, columns) for b in some])
            stack = orthogonal(stack, next(iter(self.named.values())).dtype) * max(1.0, rows / columns) ** 0.5
            made |= {id(b): u.view(b.shape) for b,
                     u in zip(some, stack.split([b.numel() // (rows * columns) for b in some]))}
        return {name: torch.cat([made[id(b)] for b in parts], -2) for name, parts in blocks.items()}

    def state(self) -> dict:
        return {"steps": self.steps, "masters": self.masters, "first": self.first, "second": self.second}

    @torch.no_grad()
    def restore(self, state: dict) -> None:
        self.steps = state["steps"]
        for mine, theirs in ((self.masters, state["masters"]), (self.first, state["first"]),
                             (self.second, state["second"])):
            for name in mine.keys() & theirs.keys():
                mine[name].copy_(theirs[name])
        for name, p in self.named.items():
            p.copy_(rounded(self.masters[name]))

    @torch.no_grad()
    def reset_masters(self) -> None:
        """Takes the weights as they are now for the masters."""
        for name, p in self.named.items():
            self.masters[name].copy_(p)
