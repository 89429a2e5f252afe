#!/usr/bin/env python3
"""What `spud quantize` loses, beside llama.cpp's quantizer at the same size: KL of the logits from the float model.

    Benchmarks/peers/quantizers.py --cache PEERS [--directory DIR] [--spud .build/release/spud]

Both write files from the same directory (a Qwen3 model of random weights, unless --directory names another); ours then
computes with each file in float32, on the same random ids. Also checked: that llama.cpp loads our file, and predicts
from it what we do. Needs gguf, numpy and safetensors. Ends with 1 when ours is larger, or loses more.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import building
import mixes
import numpy as np
from safetensors.numpy import save_file

NAMES = {"q8_0": "Q8_0", "q6_k": "Q6_K", "q5_k_m": "Q5_K_M", "q4_k_m": "Q4_K_M", "q4_0": "Q4_0", "mxfp4": "MXFP4_MOE"}
LLAMA = """
import json, sys, numpy as np, llama_cpp
ids = json.loads(sys.argv[2])
llama = llama_cpp.Llama(sys.argv[1], n_ctx=512, n_batch=512, logits_all=True, verbose=False)
llama.eval(ids)
np.save(sys.argv[3], llama.scores[:len(ids)])
"""


def random_directory(folder: str, experts: int) -> str:
    """A Qwen3 model of 4 layers, 512 wide, dense or with experts."""
    width, layers, vocabulary, heads, head, inner = 512, 4, 1024, 8, 64, 512
    random = np.random.default_rng(3)

    def weights(rows: int, columns: int) -> np.ndarray:
        # Heavy tails, and columns of unequal weight, as trained matrices have them.
        values = random.standard_t(6, (rows, columns)) * np.exp(0.3 * random.standard_normal(columns))
        return (values * columns**-0.5).astype(np.float32)

    tensors = {"model.embed_tokens.weight": weights(vocabulary, width) * width**0.5,
               "lm_head.weight": weights(vocabulary, width), "model.norm.weight": np.ones(width, np.float32)}
    for layer in range(layers):
        stem = f"model.layers.{layer}."
        for name, rows, columns in (("q", heads * head, width), ("k", heads * head // 4, width),
                                    ("v", heads * head // 4, width), ("o", width, heads * head)):
            tensors[f"{stem}self_attn.{name}_proj.weight"] = weights(rows, columns)
        for name, size in (("input_layernorm", width), ("post_attention_layernorm", width),
                           ("self_attn.q_norm", head), ("self_attn.k_norm", head)):
            tensors[f"{stem}{name}.weight"] = np.ones(size, np.float32)
        stems = [f"{stem}mlp.experts.{expert}." for expert in range(experts)] or [f"{stem}mlp."]
        for part in stems:
            for name, shape in (("gate", (inner, width)), ("up", (inner, width)), ("down", (width, inner))):
                tensors[f"{part}{name}_proj.weight"] = weights(*shape)
        if experts:
            tensors[f"{stem}mlp.gate.weight"] = weights(experts, width)
    path = pathlib.Path(folder) / f"random-{experts}"
    path.mkdir()
    config = {
        "model_type": "qwen3_moe" if experts else "qwen3", "hidden_size": width, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": heads // 4, "head_dim": head, "hidden_act": "silu",
        "intermediate_size": inner, "vocab_size": vocabulary, "rms_norm_eps": 1e-6, "rope_theta": 1e6,
        "max_position_embeddings": 4096, "tie_word_embeddings": False}
    if experts:
        config |= {"num_experts": experts, "num_experts_per_tok": 2, "moe_intermediate_size": inner,
                   "norm_topk_prob": True, "mlp_only_layers": [], "decoder_sparse_step": 1}
    (path / "config.json").write_text(json.dumps(config))
    save_file(tensors, path / "model.safetensors")
    return str(path)


def divergence(found: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """The mean of KL over the positions, and the half width of its interval of 95 %."""
    p, q = (rows - np.logaddexp.reduce(rows, axis=-1, keepdims=True) for rows in (found, expected.astype(float)))
    each = (np.exp(q) * (q - p)).sum(-1)
    return float(each.mean()), float(1.96 * each.std() / len(each) ** 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--directory")
    parser.add_argument("--spud", default=".build/release/spud")
    parser.add_argument("--to", choices=NAMES, action="append")
    arguments = parser.parse_args()
    programs = str(building.install(arguments.cache, []))
    quantizer = mixes.Quantizer(pathlib.Path(programs))
    python = str(arguments.cache / "venv/bin/python")
    failed = False
    print("| model | to | bytes | llama.cpp's | KL | llama.cpp's | in llama.cpp |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        directories = [arguments.directory] if arguments.directory else [
            random_directory(folder, experts) for experts in (0, 8)]
        for directory in directories:
            source, ours, theirs = (f"{folder}/{name}.gguf" for name in ("source", "ours", "theirs"))
            building.run([arguments.spud, "quantize", "-m", directory, "--to", "f32", "-o", source])
            vocabulary = json.loads((pathlib.Path(directory) / "config.json").read_text())["vocab_size"]
            ids = np.random.default_rng(5).integers(0, vocabulary, 256).tolist()
            expected = mixes.logits(arguments.spud, source, ids, folder, *mixes.FLOATS)
            for name in arguments.to or NAMES:
                building.run([arguments.spud, "quantize", "-m", directory, "--to", name, "-o", ours])
                quantizer.quantize(source, theirs, mixes.MIXES[NAMES[name]], 2)
                sizes = [pathlib.Path(path).stat().st_size for path in (ours, theirs)]
                found = [mixes.logits(arguments.spud, path, ids, folder, *mixes.FLOATS) for path in (ours, theirs)]
                lost = [divergence(rows, expected) for rows in found]
                result = subprocess.run([python, "-c", LLAMA, ours, json.dumps(ids), f"{folder}/llama.npy"],
                                        env={**os.environ, "LLAMA_CPP_LIB_PATH": programs, "LD_LIBRARY_PATH": programs},
                                        text=True, capture_output=True)
                loads = "does not load"
                if result.returncode == 0:
                    loads = f"{mixes.difference(np.load(f'{folder}/llama.npy'), found[0]):.2%} off"
                label = pathlib.Path(directory).name
                print(f"| {label} | {name} | {sizes[0]} | {sizes[1]} | {lost[0][0]:.5f} ± {lost[0][1]:.5f} | "
                      f"{lost[1][0]:.5f} ± {lost[1][1]:.5f} | {loads} |", flush=True)
                failed |= sizes[0] > 1.01 * sizes[1] or lost[0][0] > lost[1][0] + lost[1][1] or "load" in loads
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
