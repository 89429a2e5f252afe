"""Checkpoints of a run: weights.safetensors, and each process's optimizer state beside it."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .model import Config, Model, working_type
from .optim import Optimizer


def save_weights(weights: dict[str, Tensor], path: Path) -> None:
    """Writes the weights as bfloat16, which they are rounded to wherever they are trained."""
    save_file({n: t.detach().to("cpu", torch.bfloat16).contiguous() for n, t in weights.items()}, path)


def save_checkpoint(folder: Path, model: Model, optimizer: Optimizer, state: dict, rank: int) -> None:
    """Writes this process's part; process 0 writes the weights and the state. Files replace the old ones whole."""
    def replace(path: Path, write) -> None:
        temporary = path.with_suffix(path.suffix + ".partial")
        write(temporary)
        temporary.rename(path)

    replace(folder / f"optimizer-{rank}.pt", lambda p: torch.save(optimizer.state(), p))
    if rank == 0:
        replace(folder / "weights.safetensors", lambda p: save_weights(model.state_dict(), p))
        replace(folder / "state.json", lambda p: p.write_text(json.dumps(state)))
        replace(folder / "config.json", lambda p: p.write_text(json.dumps(vars(model.c))))


def load_checkpoint(folder: Path, model: Model, optimizer: Optimizer | None) -> dict | None:
    """Restores what `save_checkpoint` wrote, for any number of processes; None when there is nothing."""
    if not (folder / "state.json").exists():
        return None
    with torch.no_grad():
        model.load_state_dict(load_file(folder / "weights.safetensors"))
    if optimizer is not None:
        # More processes than now may have left parts; what these hold is in newer ones too, which come later and win.
        parts = [torch.load(path, map_location="cpu", weights_only=True) for path in folder.glob("optimizer-*.pt")]
        for part in sorted(parts, key=lambda part: part["steps"]):
            optimizer.restore(part)
    return json.loads((folder / "state.json").read_text())


def tokens_seen(folder: Path) -> int:
    """The tokens that the weights of a run or a model directory were trained on, those of the runs before it too."""
    if (folder / "state.json").exists():
        state = json.loads((folder / "state.json").read_text())
        return state["tokens"] + state.get("before", 0)
    budget = folder / "training.json"
    return json.loads(budget.read_text())["tokens"] if budget.exists() else 0


def read_model(folder: Path) -> Model:
    """The model of a run's last checkpoint."""
    model = Model(Config(**json.loads((folder / "config.json").read_text()))).to(working_type())
    load_checkpoint(folder, model, None)
    return model
