#!/usr/bin/env python3
"""A layer of experts alone, Spud's and kt-kernel's (the kernels of KTransformers for AMX), in turn.

    Benchmarks/peers/experts.py [--shape qwen3|olmoe] [--tokens 512] [--rounds 5] [--python PYTHON]

Needs a processor with AMX and a Python that has torch; kt-kernel 0.7.2 is installed beside it without what it depends
on (--cache). Both take the same tokens to the same experts, and weights that no cache holds; medians of all runs.
kt-kernel's two workers have both cores; what asks them for the layer sleeps meanwhile. Errors are against weights that
were not rounded, root mean squares, relative.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys

VERSION = "0.7.2"
HERE = pathlib.Path(__file__).resolve().parent
SHAPES = {"qwen3": (2048, 768, 128, 8), "olmoe": (2048, 1024, 64, 8)}  # width, of an expert, experts, used


def install(cache: pathlib.Path) -> pathlib.Path:
    target = cache / "kt"
    if not (target / "kt_kernel").exists():
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                str(target),
                f"kt-kernel=={VERSION}",
            ],
            check=True,
        )
    return target


# Run by a Python that has torch: the seconds of each run of a layer, or its error.
SCRIPT = """
import sys, time
sys.path.append(sys.argv[1])
kind, width, inner, experts, used, tokens, runs = sys.argv[2], *map(int, sys.argv[3:9])
import torch, kt_kernel
ext = kt_kernel.kt_kernel_ext
torch.manual_seed(6)
measures_error = runs == 0
if measures_error:
    experts, tokens = used, 16
pool = ext.WorkerPoolConfig()
pool.subpool_count, pool.subpool_numa_map, pool.subpool_thread_count = 1, [0], [2]
infer = ext.CPUInfer(pool)
shapes = [(experts, inner, width), (experts, inner, width), (experts, width, inner)]
floats = [torch.randn(shape) / width ** 0.5 for shape in shapes]
weights = [part.to(torch.bfloat16).contiguous() for part in floats]
mask = torch.zeros(experts, dtype=torch.bool)
config = ext.moe.MOEConfig(experts, used, width, inner, mask.data_ptr())
config.layer_idx, config.pool, config.max_len = 0, infer.backend_, max(tokens, 32)
config.gate_proj, config.up_proj, config.down_proj = (part.data_ptr() for part in weights)
layer = getattr(ext.moe, kind)(config)
places = torch.arange(experts, dtype=torch.int64)
infer.submit(layer.load_weights_task(places.data_ptr()))
infer.sync()
logits = torch.tensor([[((i * 7919 + t * 104729) % 1009) / 100 for i in range(experts)] for t in range(tokens)])
chosen = logits.topk(used, dim=1).indices.to(torch.int64).contiguous()
factors = torch.softmax(logits.gather(1, chosen), dim=1).contiguous()
if measures_error:
    factors[:] = 1 / used
x = torch.randn(tokens, width)
given = x.to(torch.bfloat16).contiguous()
output = torch.zeros(tokens, width, dtype=torch.bfloat16)
count = torch.tensor([tokens], dtype=torch.int32)
times = []
for run in range(max(runs, 1) + 3):
    start = time.monotonic()
    infer.submit(layer.forward_task(count.data_ptr(), used, chosen.data_ptr(), factors.data_ptr(), given.data_ptr(),
                                    output.data_ptr(), False))
    infer.sync()
    times.append(time.monotonic() - start)
if measures_error:
    expected = torch.zeros(tokens, width)
    for e in range(experts):
        gate, up, down = (part[e] for part in floats)
        expected += torch.nn.functional.silu(x @ gate.T) * (x @ up.T) @ down.T / used
    print(float(((output.float() - expected) ** 2).mean().sqrt() / (expected ** 2).mean().sqrt()))
else:
    for seconds in times[3:]:
        print(seconds)
"""


def output_of(command: list) -> str:
    result = subprocess.run(list(map(str, command)), text=True, capture_output=True)
    if result.returncode != 0:
        sys.exit(f"{command[0]} ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return result.stdout.strip()


def numbers(output: str) -> list[float]:
    """What a program prints, one a line; kt-kernel says more beside."""
    return [float(line) for line in output.splitlines() if line.replace(".", "").replace("e-", "").isdigit()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, action="append")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=9, help="in each round")
    parser.add_argument("--python", default=str(HERE.parent.parent / ".venv" / "bin" / "python"), help="one with torch")
    parser.add_argument("--cache", type=pathlib.Path, default=HERE / ".cache")
    arguments = parser.parse_args()
    target = install(arguments.cache)
    package = HERE.parent
    subprocess.run(
        ["swift", "build", "-c", "release", "--product", "Experts"], cwd=package, check=True, stdout=subprocess.DEVNULL
    )
    own = package / ".build" / "release" / "Experts"
    for shape in arguments.shape or SHAPES:
        layer = [*SHAPES[shape], arguments.tokens]
        spud = {f"spud, {weights}": [own, *layer, weights] for weights in ("q8_0", "bf16", "q4_0")}
        kt = {
            f"kt-kernel, {kind}": [arguments.python, "-c", SCRIPT, target, kind, *layer]
            for kind in ("AMXInt8_MOE", "AMXBF16_MOE", "AMXInt4_MOE")
        }
        samples = {label: [] for label in spud | kt}
        for _ in range(arguments.rounds):
            for label, command in (spud | kt).items():
                samples[label] += numbers(output_of([*command, arguments.runs]))
        for label, command in (spud | kt).items():
            rates = sorted(arguments.tokens / seconds for seconds in samples[label])
            quarter = len(rates) // 4
            error = numbers(output_of([*command, 0]))[0]
            print(
                f"| {shape} | {label} | {statistics.median(rates):.0f} tokens/s | {rates[quarter]:.0f} to "
                f"{rates[-1 - quarter]:.0f} | error {error:.4f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
