"""The curves of a run as a picture."""

import csv
from pathlib import Path

FIXED = {"step", "seconds", "tokens", "epochs", "rate", "tokens_per_second", "loss", "balance"}
MODALITIES = ["text", "control", "image", "audio"]


def plot_losses(log: Path, out: Path) -> None:
    """Loss against tokens: left by modality, right by skill."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with open(log, newline="") as f:
        rows = list(csv.DictReader(f))
    if len(rows) < 2:
        return
    skills = [n for n in rows[0] if n not in FIXED and n not in MODALITIES]
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    for axis, names in zip(axes, (["loss"] + MODALITIES, skills)):
        for name in names:
            points = [(float(r["tokens"]) / 1e6, float(r[name])) for r in rows if r.get(name)]
            if points:
                axis.plot(*zip(*points), label=name, linewidth=1.2)
        axis.set_xlabel("million tokens")
        axis.set_yscale("log")
        axis.grid(alpha=0.3)
        axis.legend(frameon=False, fontsize=8)
    axes[0].set_ylabel("loss on answers (nats a token)")
    figure.tight_layout()
    figure.savefig(out, dpi=110)
    plt.close(figure)
