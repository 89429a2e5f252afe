#!/usr/bin/env python3
"""What rounding costs on a trained model: perplexity of the answers in a file of examples, and KL from float32 logits.

    spud quantize --to q8_0 -o nano.gguf
    accuracy.py --model nano.gguf --directory Models/spud-nano \\
        --examples Benchmarks/suites/world/examples.jsonl [--cache PEERS]

The same GGUF file is run with its weights as floats and float32 products (the reference), and as it is: bytes for
inputs, with each format of the key-value cache; and, with --cache (where compare.py built llama.cpp), by llama.cpp. The
streams are those that `spud tokenize --pack` makes; counted are the tokens after each `<assistant>` up to its `<end>`.
Needs numpy.
"""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REFERENCE = "float32 inputs"
SETTINGS = {
    REFERENCE: ["--weights", "f32", "--cache", "f32"],
    "8-bit inputs, f32 cache": ["--cache", "f32"],
    "8-bit inputs, bf16 cache": ["--cache", "bf16"],
    "8-bit inputs, q8 cache": ["--cache", "q8"],
}
LLAMA = """
import json, sys, numpy as np, llama_cpp
streams = json.load(open(sys.argv[2]))
llama = llama_cpp.Llama(sys.argv[1], n_ctx=2048, n_batch=2048, logits_all=True, verbose=False)
for index, ids in enumerate(streams):
    llama.reset()
    llama.eval(ids)
    np.save(f"{sys.argv[3]}/{index}.npy", llama.scores[:len(ids)])
"""


def run(command, **options) -> str:
    result = subprocess.run(command, text=True, capture_output=True, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return result.stdout


def tensor(path: str, name: str, kind: str) -> np.ndarray:
    """A tensor of a safetensors file."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    about = json.loads(data[8:8 + size])[name]
    start, end = about["data_offsets"]
    return np.frombuffer(data[8 + size + start:8 + size + end], dtype=kind).reshape(about["shape"])


def streams(arguments, folder: str) -> list[list[int]]:
    """The examples as ids."""
    packed = f"{folder}/packed.safetensors"
    run([arguments.spud, "tokenize", "-m", arguments.directory, "--examples", arguments.examples, "--pack", packed])
    tokens, offsets = tensor(packed, "tokens", "<u2"), tensor(packed, "offsets", "<i8")
    every = range(0, len(offsets) - 1, max(1, (len(offsets) - 1) // arguments.streams))
    return [tokens[offsets[i]:offsets[i + 1]].tolist() for i in every][:arguments.streams]


def counted(ids: list[int], begin: int, end: int) -> np.ndarray:
    """Places whose next token is part of an answer."""
    places, inside = [], False
    for place, token in enumerate(ids[:-1]):
        if token == begin:
            inside = True
        elif token == end:
            inside = False
        if inside:
            places.append(place)
    return np.array(places, dtype=int)


def run_spud(arguments, ids: list[int], options: list[str], folder: str) -> np.ndarray:
    file = f"{folder}/logits.safetensors"
    run([arguments.spud, "logits", "-m", arguments.model, "--ids", "-", "-o", file, *options],
        input=",".join(map(str, ids)))
    return tensor(file, "logits", "<f4")


def judged(reference: np.ndarray, logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each token: its loss, the KL of its distribution from the reference's, and whether both like the same one
    best."""
    true, own = log_softmax(reference.astype(np.float64)), log_softmax(logits.astype(np.float64))
    return (-own[np.arange(len(own)), targets], (np.exp(true) * (true - own)).sum(1), true.argmax(1) == own.argmax(1))


def resampled(streams: list[np.ndarray], times: int = 2000) -> tuple[float, float]:
    """The middle 95 % of the means of so many draws of as many streams, with replacement: tokens of a stream err
    together."""
    random = np.random.default_rng(1)
    sums, counts = np.array([s.sum() for s in streams]), np.array([len(s) for s in streams])
    drawn = random.integers(len(streams), size=(times, len(streams)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), (2.5, 97.5))
    return float(low), float(high)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a GGUF file that `spud quantize` wrote")
    parser.add_argument("--directory", required=True, help="the model's directory, whose tokenizers make the streams")
    parser.add_argument("--examples", required=True, help="a file of examples (JSON Lines)")
    parser.add_argument("--streams", type=int, default=100, help="so many examples, evenly from the file")
    parser.add_argument("--spud", default=str(ROOT / ".build" / "release" / "spud"))
    parser.add_argument("--cache", type=pathlib.Path,
                        help="where compare.py built llama.cpp; without it, only Spud is run")
    arguments = parser.parse_args()
    control = json.loads(pathlib.Path(arguments.directory, "vocabulary.json").read_text())["control"]
    begin, end = (control["first"] + control["tokens"].index(name) for name in ("<assistant>", "<end>"))
    with tempfile.TemporaryDirectory() as folder:
        every = streams(arguments, folder)
        places = [counted(ids, begin, end) for ids in every]
        targets = [np.array(ids)[where + 1] for ids, where in zip(every, places)]
        reference = [run_spud(arguments, ids, SETTINGS[REFERENCE], folder)[where] for ids, where in zip(every, places)]
        found = {REFERENCE: [judged(own, own, target) for own, target in zip(reference, targets)]}
        for name, options in SETTINGS.items():
            if name != REFERENCE:
                found[name] = [judged(own, run_spud(arguments, ids, options, folder)[where], target)
                               for own, ids, where, target in zip(reference, every, places, targets)]
        if arguments.cache:
            programs = str(arguments.cache / "build" / "bin")
            pathlib.Path(folder, "streams.json").write_text(json.dumps(every))
            run([str(arguments.cache / "venv" / "bin" / "python"), "-c", LLAMA, arguments.model,
                 f"{folder}/streams.json", folder],
                env={**os.environ, "LLAMA_CPP_LIB_PATH": programs, "LD_LIBRARY_PATH": programs})
            found["llama.cpp"] = [judged(own, np.load(f"{folder}/{index}.npy")[where], target)
                                  for index, (own, where, target) in enumerate(zip(reference, places, targets))]
    print(f"{pathlib.Path(arguments.model).name}: {len(every)} streams, {sum(map(len, places))} tokens of answers\n")
    print("| | perplexity | against float32 | mean KL from float32, 95 % of resamplings | median KL | the same best "
          "token |\n|---|---|---|---|---|---|")
    base = np.concatenate([row[0] for row in found[REFERENCE]]).mean()
    for name, rows in found.items():
        loss, divergence, same = (np.concatenate([row[i] for row in rows]) for i in range(3))
        low, high = resampled([row[1] for row in rows])
        print(f"| {name} | {np.exp(loss.mean()):.4f} | {100 * (np.exp(loss.mean() - base) - 1):+.2f} % | "
              f"{divergence.mean():.1e}, {low:.1e} to {high:.1e} | "
              f"{np.median(divergence):.1e} | {100 * same.mean():.1f} % |")


if __name__ == "__main__":
    main()
