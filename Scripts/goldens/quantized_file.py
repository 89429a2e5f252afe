#!/usr/bin/env python3
"""Makes Tests/SpudModelsTests/Fixtures/gguf-qwen3-q3_k_m: a file that llama.cpp's quantizer wrote, of four K types
and Q5_0, and what `transformers` computes with the values that the `gguf` package decodes from it.

    .venv/bin/python Scripts/goldens/quantized_file.py PEERS    # where Benchmarks/peers/compare.py built llama.cpp
"""
import pathlib
import shutil
import sys
import tempfile

import models
import torch
import transformers
from gguf import GGUFReader, quants
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Benchmarks/peers"))

import compare  # noqa: E402
import mixes  # noqa: E402

KIND, MIX = "qwen3", "Q3_K_M"
OPTIONS = dict(
    hidden_size=256, intermediate_size=256, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
    head_dim=64, vocab_size=48, rope_theta=1e4, rms_norm_eps=1e-6, max_position_embeddings=96)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    quantizer = mixes.Quantizer(compare.install(pathlib.Path(sys.argv[1]), []))
    folder = models.FIXTURES / "gguf-qwen3-q3_k_m"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    target = str(folder / "model.gguf")
    for seed in range(1, 1000):
        model = models.build(KIND, OPTIONS, seed)
        with tempfile.TemporaryDirectory() as scratch:
            models.write_gguf(f"{scratch}/float.gguf", KIND, OPTIONS, model, "F32")
            quantizer.quantize(f"{scratch}/float.gguf", target, mixes.MIXES[MIX], 1)
        held = {part.name: quants.dequantize(part.data, part.tensor_type) for part in GGUFReader(target).tensors}
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(torch.from_numpy(held[models.gguf_name(name)].copy()).reshape(parameter.shape))
        found = models.golden(model, seed)
        if found is not None:
            break
    save_file(found, folder / "golden.safetensors",
              metadata={"seed": str(seed), "transformers": transformers.__version__})
    print(seed, {part.name: part.tensor_type.name for part in GGUFReader(target).tensors})


if __name__ == "__main__":
    main()
