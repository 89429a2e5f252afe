#!/usr/bin/env python3
"""Averages the weights that a warm run began with and those that it ended with; the result is a run that export.py
takes.

    average.py --run build/run --began build/run-before --model build/model --began-model build/model-before \\
        --share 0.6 --out build/run-mean

A run at the full rate forgets a little of what its data hold less of; between its two ends lies a model better than
both. Choose the share on held-out examples that are not the suite's. Wortsman et al., "Model soups" (2022).
"""

import argparse
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import torch
from nano.checkpoint import read_model, save_weights
from nano.warm import warm_start


@torch.no_grad()
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--began", type=Path, required=True, help="the run or model directory that it started from")
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--began-model", type=Path, required=True, help="the model directory of --began")
    p.add_argument("--share", type=float, default=0.6, help="of the weights at the end")
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    model = read_model(a.run)
    end = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    warm_start(model, a.began, a.began_model, a.model)  # rows of ids that were not there then stay those of the end
    a.out.mkdir(parents=True, exist_ok=True)
    for file in a.run.iterdir():
        if file.suffix in (".json", ".csv", ".png"):
            shutil.copy(file, a.out / file.name)
    save_weights({name: began.float().lerp(end[name].float(), a.share) for name, began in model.state_dict().items()},
                 a.out / "weights.safetensors")


if __name__ == "__main__":
    main()
