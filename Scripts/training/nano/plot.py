"""The curves of a run as a picture."""

import csv
from pathlib import Path

FIXED = {"step", "seconds", "tokens", "epochs", "rate", "tokens_per_second", "loss", "balance", "unseen"}
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
    figure, axes = plt.subplots(1, 2, figsize=(13, 4.5), sharey=True)
    for axis, names in zip(axes, (["loss"] + MODALITIES, skills)):
        for index, name in enumerate(names):
            points = [(float(r["tokens"]) / 1e6, float(r[name])) for r in rows if r.get(name)]
            if points:
                # A row holds a few batches: the mean over a twentieth of the run shows what the noise hides.
                tokens, losses = zip(*points)
                reach = max(1, len(points) // 40)
                means = [sum(w) / len(w) for w in (losses[max(0, i - reach):i + reach + 1] for i in range(len(losses)))]
                axis.plot(tokens, means, label=name, linewidth=1.4,
                          color=plt.get_cmap("tab20")(index * 2 % 20 + index // 10))
        axis.set_xlabel("million tokens")
        axis.set_yscale("log")
        axis.grid(alpha=0.3)
        axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    axes[0].set_ylabel("loss on answers (nats a token)")
    figure.tight_layout()
    figure.savefig(out, dpi=110)
    plt.close(figure)
