#!/usr/bin/env python3
"""Writes Tests/SpudModelsTests/Goldens/mixes.json: the type that llama.cpp's quantizer gives each tensor, by mix.

    .venv/bin/python Scripts/goldens/quantization_mixes.py PEERS    # where Benchmarks/peers/compare.py built llama.cpp
"""
import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Benchmarks/peers"))

import compare  # noqa: E402
import gguf  # noqa: E402
import make_moe_gguf  # noqa: E402
import mixes  # noqa: E402

SHAPES = {
    #                  width layers heads kv head experts used ff vocab
    "dense":           (256, 16, 4, 2, 64, 0, 0, 512, 64),
    "8 experts":       (256, 8, 4, 2, 64, 8, 2, 256, 64),
    "16 experts":      (256, 9, 4, 1, 64, 16, 2, 256, 64),
    "narrow":          (96, 8, 2, 2, 48, 0, 0, 100, 64),
}
MIXES = {"q8_0": "Q8_0", "q6_k": "Q6_K", "q5_k_m": "Q5_K_M", "q4_k_m": "Q4_K_M", "q4_0": "Q4_0", "mxfp4": "MXFP4_MOE"}


def main() -> None:
    quantizer = mixes.Quantizer(compare.install(pathlib.Path(sys.argv[1]), []))
    found = []
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/source.gguf", f"{folder}/target.gguf"
        for shape in SHAPES.values():
            make_moe_gguf.write(source, "F32", shape, progress=False)
            for mix, name in MIXES.items():
                quantizer.quantize(source, target, mixes.MIXES[name], 2)
                types = {part.name: [part.tensor_type.name, [int(n) for n in reversed(part.shape)]]
                         for part in gguf.GGUFReader(target).tensors
                         if part.tensor_type != gguf.GGMLQuantizationType.F32}
                found.append({"mix": mix, "layers": shape[1], "experts": shape[5], "types": types})
    text = json.dumps(found, separators=(",", ":")).replace('{"mix"', '\n{"mix"')
    (ROOT / "Tests/SpudModelsTests/Goldens/mixes.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
