#!/usr/bin/env python3
"""Writes Tests/SpudTensorsTests/Fixtures/quantized.gguf with the `gguf` package: blocks of each quantized type, and
their values.

    .venv/bin/python Scripts/goldens/gguf_file.py
"""
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

OUT = Path(__file__).resolve().parents[2] / "Tests/SpudTensorsTests/Fixtures/quantized.gguf"


def main() -> None:
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(OUT, "qwen3moe")
    writer.add_uint32("test.u32", 7)
    writer.add_float32("test.f32", 0.25)
    writer.add_bool("test.bool", True)
    writer.add_int64("test.i64", -5)
    writer.add_array("test.strings", ["a", "", "ü 猫"])
    writer.add_array("test.ints", [1, -2, 3])
    for name, values in (("plain", np.arange(6, dtype=np.float32).reshape(2, 3)),
                         ("half", np.float16([1, -0.5, 65504, 6e-8]))):
        writer.add_tensor(name, values)

    values = (random.standard_normal((3, 64)) * np.float32([[1], [1e-3], [100]])).astype(np.float32)
    values[0, :32] = 0  # a block without a scale
    writer.add_tensor("values", values)
    for kind in (Type.Q8_0, Type.Q4_0, Type.BF16):
        blocks = quants.quantize(values, kind)
        writer.add_tensor(kind.name.lower(), blocks, raw_dtype=kind)
        writer.add_tensor(kind.name.lower() + ".values", quants.dequantize(blocks, kind).astype(np.float32))
    # the package cannot quantize to these, but any bytes with sane scales are blocks of them
    for kind in (Type.Q4_K, Type.Q6_K):
        length, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (2, size), dtype=np.uint8)
        scale = np.float16([0.01, 2]).view(np.uint8).reshape(2, 2)
        blocks[:, -2:] = scale if kind == Type.Q6_K else blocks[:, -2:]
        if kind == Type.Q4_K:
            blocks[:, 0:2], blocks[:, 2:4] = scale, scale[::-1]
        writer.add_tensor(kind.name.lower(), blocks, raw_dtype=kind)
        writer.add_tensor(kind.name.lower() + ".values", quants.dequantize(blocks, kind).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
