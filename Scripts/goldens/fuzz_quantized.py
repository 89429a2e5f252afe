"""Seeds of the fuzzer of quantized matrices, for fuzz_corpus.py."""

import json
import struct

import numpy as np
from safetensors.numpy import save


def quantized_matrices():
    """Files by name: a byte that says how the parts are taken, then a safetensors file."""
    words, numbers = np.arange(64, dtype=np.int32), np.float16([[1, 2], [3, 4]])
    cases = {
        "gptq": (0, dict(qweight=words[:16].reshape(8, 2), qzeros=np.int32([[0x77], [0x77]]), scales=numbers,
                         g_idx=np.arange(64, dtype=np.int32) // 32)),
        "gptq-ordered": (1 | 64, dict(qweight=words[:16].reshape(8, 2), qzeros=np.int32([[1], [2]]), scales=numbers,
                                      g_idx=np.arange(64, dtype=np.int32) % 2)),
        "gptq-8": (2 | 64, dict(qweight=words[:32].reshape(16, 2), qzeros=np.int32([[1], [2]]), scales=numbers)),
        "awq": (3, dict(qweight=words[:32].reshape(32, 1), qzeros=np.int32([[1]]), scales=np.ones((1, 8), np.float16))),
        "packed": (4, dict(weight_packed=words[:16].reshape(2, 8), weight_scale=numbers,
                           weight_shape=np.int64([2, 64]), weight_zero_point=np.int32([[1, 2]]))),
        "int8": (5 | 128, dict(weight=np.ones((2, 8), np.int8), weight_scale=np.ones((2, 1), np.float32))),
        "mxfp4": (7, dict(_blocks=np.ones((2, 3, 1, 16), np.uint8), _scales=np.ones((2, 3, 1), np.uint8))),
    }
    files = {}
    for name, (form, parts) in cases.items():
        stem = "x" if name == "mxfp4" else "x."
        files[name] = bytes([form]) + save({stem + part: value for part, value in parts.items()})
    header = json.dumps({"x.weight": {"dtype": "F8_E4M3", "shape": [2, 4], "data_offsets": [0, 8]},
                         "x.weight_scale": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]}}).encode()
    files["fp8"] = bytes([6]) + struct.pack("<Q", len(header)) + header + bytes(8) + b"\0\0\x80\x3f" * 2
    return files
