"""Starting from another run's weights, also where the codebooks have changed since."""

import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from .checkpoint import read_model
from .data import Vocabulary
from .files import located
from .huggingface import read_huggingface
from .model import Model


def entries(path: Path, residual: bool = False) -> Tensor:
    """What the codes of a codebook's first level stand for, or what its residual codes add: [codes, width]."""
    codec = load_file(path)
    components = codec["components"].float()
    if residual:
        return codec["residual"].float() @ components
    return codec["mean"].float() + codec["centres"][0].float() @ components


def nearest(of: Tensor, among: Tensor) -> Tensor:
    """For each row of `of`, the index of the row of `among` that is nearest to it."""
    return torch.cdist(of, among).argmin(1)


def pieces(folder: Path) -> dict[str, int]:
    """Text and control ids by how they are spelled."""
    tokenizer = json.loads(located(folder, "tokenizer.json").read_text())
    return tokenizer["model"]["vocab"] | {t["content"]: t["id"] for t in tokenizer["added_tokens"]
                                          if not re.match(r"<([ir]|a\d+):", t["content"])}


@torch.no_grad()
def warm_start(model: Model, run: Path, old: Path, new: Path) -> None:
    """Copies the weights of `run`, a run or a model directory whose codebooks are `old`'s, into `model`, whose
    directory is `new`.

    Layers go over as they are. A text or control id takes the row of the same piece, a code of a picture or a sound
    that of the old code nearest to it; what the old vocabulary lacks, pieces or residual codes, keeps its fresh rows.
    """
    theirs = read_model(run) if (run / "state.json").exists() else read_huggingface(run)
    weights, own = theirs.state_dict(), model.state_dict()
    if old.resolve() == new.resolve():
        model.load_state_dict(weights)
        return
    v, w = Vocabulary.load(old / "vocabulary.json"), Vocabulary.load(new / "vocabulary.json")
    before, after = pieces(old), pieces(new)
    shared = [p for p in after if p in before]
    source, target = [torch.tensor([before[p] for p in shared])], [torch.tensor([after[p] for p in shared])]
    for name, first, to in (("image_codec", v.image, w.image), ("audio_codec", v.audio, w.audio)):
        found = nearest(*(entries(located(folder, f"{name}.safetensors")) for folder in (new, old)))
        source.append(found + first[0])
        target.append(torch.arange(len(found)) + to[0])
    if v.residual[1] and w.residual[1]:
        found = nearest(*(entries(located(folder, "image_codec.safetensors"), residual=True)
                          for folder in (new, old)))
        source.append(found + v.residual[0])
        target.append(torch.arange(len(found)) + w.residual[0])
    rows = (torch.cat(source), torch.cat(target))
    for name in ("embedding", "head"):
        own[name][rows[1]] = weights[name][rows[0]]
        weights[name] = own[name]
    model.load_state_dict(weights)
