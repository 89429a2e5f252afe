#!/usr/bin/env python3
"""Makes the fixtures of SpudModelsTests whose weights are quantized as Hugging Face directories have them.

    pip install compressed-tensors==0.20.1 --target LIB --no-deps     # and what it asks for
    PYTHONPATH=LIB .venv/bin/python Scripts/goldens/quantized_directories.py [NAME…]

Like those of models.py, beside which they stand: `golden.safetensors` is what `transformers` computes in float32 with
the values that the quantized parts stand for.
"""

import json
import shutil
import sys

import models
import numpy as np
import quantized_cases
import torch
import transformers
from safetensors.torch import save_file


def wants(name, case):
    """Which matrices a quantizer takes."""
    if case.endswith("mxfp4"):
        return ".experts." in name and not name.endswith("_bias")
    return "_proj" in name


def rounding(case, pack, parts):
    """Rounds a model's matrices; `parts` gets what each becomes, by its values."""

    def matrix(value):
        found, values = pack(np.ascontiguousarray(value))
        parts[values.tobytes()] = found
        return values

    def quantize(name, value):
        if value.ndim < 2 or not wants(name, case):
            return value
        if value.ndim == 2:
            return matrix(value)
        if case.endswith("mxfp4"):
            # Blocks lie along the inputs, which gpt-oss has first.
            turned = (lambda matrix: matrix.T) if case.startswith("gptoss") else (lambda matrix: matrix)
            each = [pack(np.ascontiguousarray(turned(expert))) for expert in value]
            values = np.stack([turned(values) for _, values in each])
            parts[values.tobytes()] = {key: torch.stack([part[key] for part, _ in each]) for key in each[0][0]}
            return values
        halves = 2 if name.endswith("gate_up_proj") else 1
        return np.stack([np.concatenate([matrix(half) for half in np.split(expert, halves)]) for expert in value])

    return quantize


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for case, ((kind, options), pack, settings, fused) in quantized_cases.CASES.items():
        if sys.argv[1:] and case not in sys.argv[1:]:
            continue
        folder = models.FIXTURES / case
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        parts = {}
        model, found, seed = models.search(kind, options, quantize=rounding(case, pack, parts))
        tensors = {}
        for name, value in models.on_disk(kind, dict(model.state_dict()), fused).items():
            value = value.contiguous()
            packed = parts.get(value.numpy().tobytes())
            if packed is None:
                tensors[name] = value.clone()
            for end, part in (packed or {}).items():
                tensors[name.removesuffix("weight") + end] = part.contiguous().clone()
        config = models.configuration(kind, options, fused, False) | {"quantization_config": settings}
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        save_file(found, folder / "golden.safetensors",
                  metadata={"seed": str(seed), "transformers": transformers.__version__})
        print(f"{case}: seed {seed}, {len(parts)} matrices", flush=True)


if __name__ == "__main__":
    main()
