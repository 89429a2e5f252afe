"""Matrices as quantizers of Hugging Face directories store them, each with the values that its parts stand for.

A packer takes a float matrix [outputs, inputs] and returns its parts, by the ends of their names, and the values.
Scales have six significant bits, so that no product of a scale and a zero point is rounded when it is held in half
precision.
"""

import model_cases
import numpy as np
import torch
from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32

GROUP = 32


def scale_of(values, levels):
    """A scale for each row of `values`, above what `levels` steps need."""
    exact = values.max(-1) / levels
    fraction, exponent = np.frexp(np.maximum(exact, 2**-12))
    return np.ldexp(np.ceil(fraction * 64) / 64, exponent).astype(np.float32)


def integers(matrix, bits, group, symmetric, order=None):
    """Codes [outputs, inputs], scales and zero points [outputs, groups]: value = scale · (code − zero)."""
    rows, columns = matrix.shape
    group = group or columns
    places = np.arange(columns) // group if order is None else order
    count = places.max() + 1
    scales, zeros = np.zeros((rows, count), np.float32), np.full((rows, count), 1 << (bits - 1))
    for index in range(count):
        part = matrix[:, places == index]
        if symmetric:
            scales[:, index] = scale_of(np.abs(part), (1 << (bits - 1)) - 1)
        else:
            low, high = np.minimum(part.min(-1), 0), np.maximum(part.max(-1), 0)
            scales[:, index] = scale_of((high - low)[:, None], (1 << bits) - 1)
            zeros[:, index] = np.clip(np.round(-low / scales[:, index]), 1, (1 << bits) - 1)
    codes = np.clip(np.round(matrix / scales[:, places]) + zeros[:, places], 0, (1 << bits) - 1).astype(np.int64)
    values = scales[:, places] * (codes - zeros[:, places]).astype(np.float32)
    return codes, scales, zeros, values.astype(np.float32)


def words(codes, bits, order=None):
    """Codes [count, width] as words [count · bits / 32, width]; `order`: which code is the n-th lowest of a word."""
    per_word = 32 // bits
    padded = np.pad(codes, ((0, -len(codes) % per_word), (0, 0)))
    result = np.zeros((len(padded) // per_word, codes.shape[1]), np.uint32)
    for place, code in enumerate(order or range(per_word)):
        result |= padded[code::per_word].astype(np.uint32) << np.uint32(bits * place)
    return torch.from_numpy(result.view(np.int32))


def gptq(bits, symmetric, ordered, reduced=1):
    def pack(matrix):
        columns = matrix.shape[1]
        order = np.arange(columns) // GROUP
        if ordered:
            order = np.random.default_rng(columns).permutation(order)
        codes, scales, zeros, values = integers(matrix, bits, GROUP, symmetric, order)
        return {
            "qweight": words(codes.T, bits),
            "qzeros": words((zeros - reduced), bits).T.contiguous(),
            "scales": torch.from_numpy(scales.T.copy()).half(),
            "g_idx": torch.from_numpy(order.astype(np.int32)),
        }, values

    return pack


def awq(matrix):
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    codes, scales, zeros, values = integers(matrix, 4, GROUP, False)
    return {
        "qweight": words(codes, 4, order).T.contiguous(),
        "qzeros": words(zeros, 4, order).T.contiguous(),
        "scales": torch.from_numpy(scales.T.copy()).half(),
    }, values


def packed(bits, group, symmetric):
    """compressed-tensors' own packing."""

    def pack(matrix):
        codes, scales, zeros, values = integers(matrix, bits, group, symmetric)
        middle = 1 << (bits - 1)
        parts = {
            "weight_packed": pack_to_int32(torch.from_numpy(codes - middle).to(torch.int8), bits),
            "weight_scale": torch.from_numpy(scales).bfloat16(),
            "weight_shape": torch.tensor(matrix.shape),
        }
        if not symmetric:
            points = torch.from_numpy(zeros - middle).to(torch.int8)
            parts["weight_zero_point"] = pack_to_int32(points, bits, packed_dim=0).contiguous()
        return parts, values

    return pack


def int8(matrix):
    codes, scales, _, values = integers(matrix, 8, None, True)
    return {
        "weight": torch.from_numpy(codes - 128).to(torch.int8),
        "weight_scale": torch.from_numpy(scales).bfloat16(),
    }, values


def float8(name, block):
    """8-bit floats with a scale for each block of rows and columns."""

    def pack(matrix):
        height, width = block[0] or matrix.shape[0], block[1] or matrix.shape[1]
        grid = tuple(-(-size // part) for size, part in zip(matrix.shape, (height, width)))
        scales, codes = np.zeros(grid, np.float32), torch.zeros(matrix.shape, dtype=torch.float8_e4m3fn)
        for row in range(grid[0]):
            for column in range(grid[1]):
                where = slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width)
                scales[row, column] = scale_of(np.abs(matrix[where]).reshape(-1), 448)
                codes[where] = torch.from_numpy(matrix[where] / scales[row, column]).to(torch.float8_e4m3fn)
        spread = np.repeat(np.repeat(scales, height, 0), width, 1)[: matrix.shape[0], : matrix.shape[1]]
        return {"weight": codes, name: torch.from_numpy(scales)}, codes.float().numpy() * spread

    return pack


FP4 = np.float32([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


def mxfp4(matrix):
    groups = matrix.reshape(matrix.shape[0], -1, 32)
    exponents = np.floor(np.log2(np.abs(groups).max(-1))).astype(np.int64) - 2
    scaled = groups / np.exp2(exponents)[..., None]
    codes = np.abs(scaled[..., None] - FP4).argmin(-1).astype(np.uint8)
    values = FP4[codes] * np.exp2(exponents).astype(np.float32)[..., None]
    return {
        "_blocks": torch.from_numpy(codes[..., 0::2] | codes[..., 1::2] << 4),
        "_scales": torch.from_numpy((exponents + 127).astype(np.uint8)),
    }, values.reshape(matrix.shape).astype(np.float32)


DENSE = ("qwen3", dict(
    hidden_size=64, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
    head_dim=16, vocab_size=48, rope_theta=1e4, rms_norm_eps=1e-6, max_position_embeddings=96))
WIDE = ("qwen3", dict(
    hidden_size=160, intermediate_size=136, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=1,
    head_dim=16, vocab_size=48, rope_theta=1e4, rms_norm_eps=1e-6, max_position_embeddings=96))
SPARSE = ("qwen3_moe", dict(
    hidden_size=64, intermediate_size=64, moe_intermediate_size=32, num_hidden_layers=1, num_attention_heads=4,
    num_key_value_heads=2, head_dim=16, num_experts=4, num_experts_per_tok=2, norm_topk_prob=True, vocab_size=48,
    rope_theta=1e4, rms_norm_eps=1e-6, mlp_only_layers=[], decoder_sparse_step=1, max_position_embeddings=96))


def groups(format, **weights):
    return {"quant_method": "compressed-tensors", "format": format, "quantization_status": "compressed",
            "ignore": ["lm_head"], "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}}}


GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": GROUP, "desc_act": False, "sym": True}
# name: (model, packer, quantization_config, whether experts are fused)
CASES = {
    "fp8-blocks": (WIDE, float8("weight_scale_inv", (128, 128)), {
        "quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}, False),
    "fp8-channels": (SPARSE, float8("weight_scale", (1, None)), groups(
        "float-quantized", num_bits=8, type="float", strategy="channel", symmetric=True), False),
    "gptq-4": (SPARSE, gptq(4, True, False), GPTQ, False),
    "gptq-4-ordered": (DENSE, gptq(4, False, True), {**GPTQ, "desc_act": True, "sym": False}, False),
    "gptq-8": (DENSE, gptq(8, True, False, 0), {**GPTQ, "bits": 8, "checkpoint_format": "gptq_v2"}, False),
    "awq": (SPARSE, awq, {
        "quant_method": "awq", "bits": 4, "group_size": GROUP, "zero_point": True, "version": "gemm"}, False),
    "compressed-4": (DENSE, packed(4, GROUP, False), groups(
        "pack-quantized", num_bits=4, type="int", strategy="group", group_size=GROUP, symmetric=False), False),
    "compressed-8": (SPARSE, packed(8, None, True), groups(
        "pack-quantized", num_bits=8, type="int", strategy="channel", group_size=None, symmetric=True), False),
    "compressed-int8": (DENSE, int8, groups(
        "int-quantized", num_bits=8, type="int", strategy="channel", symmetric=True), False),
    "gptoss-mxfp4": (model_cases.GGUF_CASES["gptoss-mxfp4"][:2], mxfp4, {
        "quant_method": "mxfp4", "modules_to_not_convert": [
            "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]}, False),
    "mxfp4": (SPARSE, mxfp4, {
        "quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]}, True),
}
