"""Data-parallel training over processes: gradients are averaged, and each process updates its share of the parameters.

On a CPU that others use too, two processes of one thread wait for each other once a step; two threads of one process
wait for each other at every operation. On GPUs it is ordinary data parallelism.
"""

import torch
import torch.distributed as dist
from torch import Tensor


class Group:
    """The processes that train together; alone, every method does nothing."""

    def __init__(self, rank: int = 0, ranks: int = 1):
        self.rank, self.ranks = rank, ranks

    def mean(self, tensors: list[Tensor]) -> None:
        """Replaces each tensor by its mean over the processes."""
        if self.ranks == 1:
            return
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        flat /= self.ranks
        first = 0
        for t in tensors:
            t.copy_(flat[first:first + t.numel()].view_as(t))
            first += t.numel()

    def owner(self, named: dict[str, Tensor]) -> dict[str, int]:
        """Which process updates which parameter: the largest first, each to the least laden."""
        load, owners = [0] * self.ranks, {}
        for name in sorted(named, key=lambda n: -named[n].numel()):
            rank = load.index(min(load))
            owners[name] = rank
            load[rank] += named[name].numel()
        return owners

    def share(self, named: dict[str, Tensor], owners: dict[str, int]) -> None:
        """Gives every process each parameter as its owner has it."""
        if self.ranks == 1:
            return
        for rank in range(self.ranks):
            mine = [p.data for n, p in named.items() if owners[n] == rank]
            flat = torch.cat([p.reshape(-1) for p in mine])
            bits = torch.nn.functional.pad(flat, (0, flat.numel() % 2)).view(torch.int32)  # every backend moves int32
            dist.broadcast(bits, rank)
            flat = bits.view(flat.dtype)
            first = 0
            for p in mine:
                p.copy_(flat[first:first + p.numel()].view_as(p))
                first += p.numel()

    def any(self, flag: bool) -> bool:
        if self.ranks == 1:
            return flag
        t = torch.tensor([float(flag)])
        dist.all_reduce(t)
        return bool(t.item() > 0)
