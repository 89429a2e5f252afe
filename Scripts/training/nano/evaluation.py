"""Accuracy on held-out examples, inside the trainer."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.numpy import load_file

from .data import Rows, Shards, Vocabulary
from .model import Model


@torch.no_grad()
def teacher_forced(model: Model, shards: Shards, limit: int = 0, rows: int = 12,
                   length: int = 320) -> dict[str, tuple[float, int]]:
    """Share of examples, by task, whose whole answer is the likeliest token at every step, and how many there were.

    Greedy decoding writes an answer exactly if each of its tokens is the likeliest after those before it, so for answers with
    one right spelling this is greedy exact match, at the price of one forward pass. Examples are single questions.
    """
    device = model.head.device
    chosen, seen = [], {}
    for e, name in enumerate(shards.skills):
        seen[name] = seen.get(name, 0) + 1
        if not limit or seen[name] <= limit:
            chosen.append(e)
    right: dict[str, list[int]] = {}
    packed = shards.pack(np.array(chosen), length)
    packed += [[]] * (-len(packed) % rows)  # one shape, so that one compiled graph serves
    for first in range(0, len(packed), rows):
        batch = Rows(shards, packed[first:first + rows], length).to(device)
        hidden, _, _ = model.trunk(batch.tokens, batch.segments)
        target = batch.answer[:, 1:].nonzero()
        best = F.linear(hidden[target[:, 0], target[:, 1]], model.head).argmax(-1)
        wrong = torch.zeros(len(batch.examples) + 1, dtype=torch.long, device=device).index_add_(
            0, batch.segments[target[:, 0], target[:, 1] + 1], (best != batch.tokens[target[:, 0], target[:, 1] + 1]).long())
        for e, w in zip(batch.examples, wrong[1:].tolist()):
            right.setdefault(shards.skills[e], []).append(int(w == 0))
    return {name: (sum(r) / len(r), len(r)) for name, r in sorted(right.items())}


@torch.no_grad()
def draw(model: Model, prompts: list[list[int]], v: Vocabulary, height: int = 8, width: int = 8) -> list[list[int]]:
    """The likeliest picture's codes after each prompt, as the grammar of the stream allows: a picture of one size, then its codes."""
    device = model.head.device
    made: list[list[int]] = [[] for _ in prompts]
    opened = [v.control["<image>"], v.control[f"<size:{height}>"], v.control[f"<size:{width}>"]]
    first, count = v.image
    by_length: dict[int, list[int]] = {}
    for i, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt), []).append(i)
    for some in by_length.values():
        tokens = torch.tensor([prompts[i] + opened for i in some], device=device)
        start = tokens.shape[1]
        for _ in range(height * width):
            hidden = model.trunk(tokens)[0][:, -1]
            best = F.linear(hidden, model.head[first:first + count]).argmax(-1) + first
            tokens = torch.cat((tokens, best[:, None]), 1)
        for row, i in enumerate(some):
            made[i] = (tokens[row, start:] - first).tolist()
    return made


@torch.no_grad()
def write(model: Model, prompts: list[list[int]], v: Vocabulary, most: int = 24, rows: int = 32) -> list[list[int]]:
    """The likeliest text after each prompt, up to `<end>` or `most` ids."""
    device, end, made = model.head.device, v.control["<end>"], []
    for first in range(0, len(prompts), rows):
        some = prompts[first:first + rows]
        lengths = torch.tensor([len(p) for p in some], device=device)
        tokens = torch.zeros(len(some), int(lengths.max()) + most, dtype=torch.long, device=device)
        for row, prompt in enumerate(some):
            tokens[row, :len(prompt)] = torch.tensor(prompt)
        every, done = torch.arange(len(some), device=device), torch.zeros(len(some), dtype=torch.bool, device=device)
        for step in range(most):
            # What stands right of a row's last id is not seen by it, so rows of unlike length need no mask.
            hidden = model.trunk(tokens[:, :int(lengths.max())])[0][every, lengths - 1]
            scores = F.linear(hidden, model.head).float()
            scores[:, v.text:] = torch.where(torch.arange(v.text, v.size, device=device) == end, scores[:, v.text:], -torch.inf)
            best = torch.where(done, end, scores.argmax(-1))
            tokens[every, lengths] = best
            lengths = lengths + 1
            done |= best == end
            if done.all():
                break
        for row, prompt in enumerate(some):
            answer = tokens[row, len(prompt):].tolist()
            made.append(answer[:answer.index(end)] if end in answer else answer)
    return made


def picture(codes: list[int], codec: dict[str, np.ndarray], width: int = 8) -> Image.Image:
    """Codes as pixels; `codec` holds the tensors of image_codec.safetensors."""
    patches = codec["mean"] + codec["centres"][0][codes] @ codec["components"]  # [codes, 8 * 8 * 3]
    side = int(round((patches.shape[1] / 3) ** 0.5))
    grid = patches.reshape(-1, width, side, side, 3).transpose(0, 2, 1, 3, 4).reshape(-1, width * side, 3)
    return Image.fromarray((np.clip(grid, 0, 1) * 255).round().astype(np.uint8))


def load_codec(path) -> dict[str, np.ndarray]:
    return load_file(path)
