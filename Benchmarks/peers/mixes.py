#!/usr/bin/env python3
"""What llama.cpp's quantizer writes, as this runtime reads it: a dense model and mixtures of 8 and of 128 experts, in
each mix of types.

    Benchmarks/peers/mixes.py --cache PEERS [--spud .build/release/spud] [--mix Q4_K_M …] [--out table.json]

The models have random weights. For each mix llama.cpp (built by compare.py under --cache) quantizes the float file;
the `gguf` package decodes what it wrote to float32. Printed are the relative errors of logits: of the mix itself (the
decoded file against the original, both in float32), of our decoding (the mix with its weights as floats, in float32),
and of our arithmetic (the mix as it is run). The first is what the format costs, the third what we add to it.
Needs gguf and numpy. Ends with 1 when a file does not load, or when we add more than --limit times the format's error.
"""
import argparse
import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile

import building
import gguf
import make_moe_gguf
import numpy as np
from accuracy import tensor
from gguf import LlamaFileType, quants

SHAPES = {
    #               width layers heads kv head experts used ff vocab
    "dense":        (512, 4, 8, 2, 64, 0, 0, 1024, 2048),
    "8 experts":    (512, 4, 8, 2, 64, 8, 2, 512, 2048),
    "128 experts":  (256, 2, 4, 1, 64, 128, 8, 256, 2048),
}
MIXES = {
    "Q2_K": 10, "Q3_K_S": 11, "Q3_K_M": 12, "Q3_K_L": 13, "Q4_0": 2, "Q4_1": 3, "Q4_K_S": 14, "Q4_K_M": 15, "Q5_0": 8,
    "Q5_1": 9, "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18, "Q8_0": 7, "IQ4_NL": 25, "IQ4_XS": 30, "IQ3_S": 26, "IQ3_M": 27,
    "TQ1_0": 36, "TQ2_0": 37, "MXFP4_MOE": 38, "F16": 1, "BF16": 32,
}


class Parameters(ctypes.Structure):
    """`llama_model_quantize_params` of llama.h."""
    _fields_ = [
        ("nthread", ctypes.c_int32), ("ftype", ctypes.c_int), ("output_tensor_type", ctypes.c_int),
        ("token_embedding_type", ctypes.c_int), ("allow_requantize", ctypes.c_bool),
        ("quantize_output_tensor", ctypes.c_bool), ("only_copy", ctypes.c_bool), ("pure", ctypes.c_bool),
        ("keep_split", ctypes.c_bool), ("dry_run", ctypes.c_bool), ("imatrix", ctypes.c_void_p),
        ("kv_overrides", ctypes.c_void_p), ("tt_overrides", ctypes.c_void_p), ("prune_layers", ctypes.c_void_p),
        ("max_buf_size", ctypes.c_size_t),
    ]


class Quantizer:
    """llama.cpp's, from its library."""

    def __init__(self, programs: pathlib.Path):
        self.library = ctypes.CDLL(str(programs / "libllama.so"))
        self.library.llama_model_quantize_default_params.restype = Parameters
        self.callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
        self.library.llama_log_set(self.callback, None)
        self.library.llama_backend_init()

    def quantize(self, source: str, target: str, file_type: int, threads: int) -> None:
        parameters = self.library.llama_model_quantize_default_params()
        parameters.ftype, parameters.nthread = file_type, threads
        code = self.library.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters))
        if code != 0:
            sys.exit(f"llama.cpp does not quantize {source} to file type {file_type}")


def decode(source: str, target: str) -> dict[str, int]:
    """Writes a GGUF file again with all its weights in float32; returns how many tensors there are of each type."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.get_field("general.architecture").contents())
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        kinds = field.types
        writer.add_key_value(field.name, field.contents(), kinds[0], kinds[-1] if len(kinds) > 1 else None)
    writer.add_file_type(LlamaFileType.ALL_F32)
    types: dict[str, int] = {}
    for part in reader.tensors:
        types[part.tensor_type.name] = types.get(part.tensor_type.name, 0) + 1
        shape = [int(n) for n in reversed(part.shape)]
        values = quants.dequantize(part.data, part.tensor_type).astype(np.float32)
        writer.add_tensor(part.name, values.reshape(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return types


def logits(spud: str, model: str, ids: list[int], folder: str, *options: str) -> np.ndarray | None:
    """What the model predicts after each id; None, with the reason on stderr, when it does not load."""
    out = f"{folder}/logits.safetensors"
    command = [spud, "logits", "-m", model, "--ids", ",".join(map(str, ids)), "-o", out, *options]
    result = subprocess.run(command, text=True, capture_output=True)
    if result.returncode != 0:
        print(result.stderr.strip(), file=sys.stderr)
        return None
    return tensor(out, "logits", "<f4").copy()


FLOATS = ["--weights", "f32", "--kernels", "blas", "--cache", "f32"]


def difference(found: np.ndarray | None, expected: np.ndarray) -> float:
    """The root of the mean square of the difference, relative to that of what was expected."""
    if found is None:
        return float("inf")
    return float(np.sqrt(((found - expected) ** 2).mean() / (expected**2).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--spud", default=".build/release/spud")
    parser.add_argument("--mix", choices=MIXES, action="append")
    parser.add_argument("--shape", choices=SHAPES, action="append")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limit", type=float, default=1.0)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    quantizer = Quantizer(building.install(arguments.cache, []))
    ids = np.random.default_rng(1).integers(0, 2048, 48).tolist()
    rows = []
    print("| model | mix | types | format | decoding | arithmetic |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.shape or SHAPES:
            source, mixed, floats = (f"{folder}/{part}.gguf" for part in ("source", "mixed", "floats"))
            make_moe_gguf.write(source, "F32", SHAPES[name], progress=False)
            original = logits(arguments.spud, source, ids, folder, *FLOATS)
            for mix in arguments.mix or MIXES:
                quantizer.quantize(source, mixed, MIXES[mix], arguments.threads)
                types = decode(mixed, floats)
                expected = logits(arguments.spud, floats, ids, folder, *FLOATS)
                row = dict(
                    model=name, mix=mix, types=types, format=difference(original, expected),
                    decoding=difference(logits(arguments.spud, mixed, ids, folder, *FLOATS), expected),
                    arithmetic=difference(logits(arguments.spud, mixed, ids, folder, "--cache", "f32"), expected))
                rows.append(row)
                held = ", ".join(f"{count} {kind}" for kind, count in sorted(types.items()) if kind != "F32")
                print(f"| {name} | {mix} | {held} | {row['format']:.2%} | {row['decoding']:.1e} | "
                      f"{row['arithmetic']:.2%} |", flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    worse = [row for row in rows if row["arithmetic"] > arguments.limit * row["format"] or row["decoding"] > 1e-4]
    for row in worse:
        print(f"{row['model']}, {row['mix']}: adds more than the format costs", file=sys.stderr)
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
