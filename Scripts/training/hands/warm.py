"""Going on from another run whose codebook was another: layers as they are, each code from the old code nearest to
it."""

from pathlib import Path

import numpy as np
import torch
from nano.checkpoint import read_model
from nano.model import Model
from stream import Stream


@torch.no_grad()
def warm_start(model: Model, run: Path, old: Path, new: Stream) -> None:
    """Copies the weights of `run`, whose codebook lies in the folder `old`, into `model`, whose stream is `new`."""
    before, weights, own = Stream(old), read_model(run).state_dict(), model.state_dict()
    shared = min(before.image, new.image)  # text and control, whose ids are the same
    rows = np.array([before.image + before.codebook.code(p) for p in new.codebook.patches])
    for name in ("embedding", "head"):
        made = own[name].clone()
        made[:shared] = weights[name][:shared]
        made[new.image : new.image + len(rows)] = weights[name][torch.from_numpy(rows)]
        weights[name] = made
    model.load_state_dict(weights)
