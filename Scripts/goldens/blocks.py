#!/usr/bin/env python3
"""Writes Tests/SpudTensorsTests/Fixtures/blocks.gguf: random blocks of every type that GGUF has for weights, and their
values as the `gguf` package decodes them, bit for bit.

    .venv/bin/python Scripts/goldens/blocks.py

Of each type there are three blocks: one with scales of ordinary size, one with subnormal ones, one with none.
"""
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

OUT = Path(__file__).resolve().parents[2] / "Tests/SpudTensorsTests/Fixtures/blocks.gguf"
# Where a block's half-precision numbers are. Every byte elsewhere may have any value.
HALVES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q8_1: [0, 2],
    Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208], Type.Q8_K: [],
    Type.IQ1_S: [0], Type.IQ1_M: [], Type.IQ2_XXS: [0], Type.IQ2_XS: [0], Type.IQ2_S: [0], Type.IQ3_XXS: [0],
    Type.IQ3_S: [0], Type.IQ4_NL: [0], Type.IQ4_XS: [0], Type.TQ1_0: [52], Type.TQ2_0: [64], Type.MXFP4: [],
    Type.NVFP4: [], Type.Q1_0: [0], Type.F64: [], Type.BF16: [], Type.F16: [],
}
# Two halves since 2023; the package still has the two floats of before.
gguf.GGML_QUANT_SIZES[Type.Q8_1] = (32, 2 + 2 + 32)
SCALES = np.float16([0.7, -3e-7, 0]), np.float16([-1.3, 5e-6, 0])


def values_of(blocks: np.ndarray, kind: Type) -> np.ndarray:
    """What the package has no decoder for, by the definition of the types in ggml-quants.c."""
    if kind in (Type.Q8_1, Type.Q8_K):
        start, scale = (4, blocks[:, :2].copy().view(np.float16)) if kind == Type.Q8_1 else (
            4, blocks[:, :4].copy().view(np.float32))
        length = 32 if kind == Type.Q8_1 else 256
        return scale.astype(np.float32) * blocks[:, start:start + length].view(np.int8).astype(np.float32)
    if kind == Type.Q1_0:
        signs = np.unpackbits(blocks[:, 2:], axis=1, bitorder="little").astype(np.float32) * 2 - 1
        return blocks[:, :2].copy().view(np.float16).astype(np.float32) * signs
    if kind == Type.F64:
        return blocks.view(np.float64).astype(np.float32)
    return quants.dequantize(blocks, kind).astype(np.float32)


def blocks_of(kind: Type, random: np.random.Generator) -> np.ndarray:
    _, size = gguf.GGML_QUANT_SIZES[kind]
    if kind in (Type.F64, Type.BF16, Type.F16):
        return random.standard_normal((3, 32)).astype(np.float16 if kind == Type.F16 else np.float64).view(
            np.uint8) if kind != Type.BF16 else quants.quantize(random.standard_normal((3, 32), np.float32), kind)
    blocks = random.integers(0, 256, (3, size), dtype=np.uint8)
    for place, scales in zip(HALVES[kind], SCALES):
        blocks[:, place:place + 2] = scales.view(np.uint8).reshape(3, 2)
    if kind == Type.Q8_K:
        blocks[:, :4] = SCALES[0].astype(np.float32).view(np.uint8).reshape(3, 4)
    if kind == Type.IQ1_M:
        # The scale's bits lie in the highest four of four words.
        for word in range(4):
            nibble = (SCALES[0].view(np.uint16) >> (4 * word) & 15).astype(np.uint8)
            blocks[:, 49 + 2 * word] = blocks[:, 49 + 2 * word] & 15 | nibble << 4
    return blocks


def main() -> None:
    random = np.random.default_rng(33)
    writer = gguf.GGUFWriter(OUT, "blocks")
    for kind in HALVES:
        blocks = blocks_of(kind, random)
        writer.add_tensor(kind.name.lower(), blocks, raw_dtype=kind)
        writer.add_tensor(kind.name.lower() + ".values", values_of(blocks, kind).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
