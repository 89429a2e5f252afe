#!/usr/bin/env python3
"""Runs the same GGUF file through llama.cpp and through Spud, in turn, and prints the ratios.

    Benchmarks/peers/compare.py --model model.gguf [--model other.gguf] [--spud .build/release/spud] [--ik] [--avx2]
        [--out DIR]

llama.cpp is the one vendored in the source package of llama-cpp-python 0.3.36, built for this processor the first time
(minutes) under --cache. Each measurement is taken A B A B …: llama.cpp without flash attention, llama.cpp with it,
Spud, and again; the median of all samples counts, and of llama.cpp's two settings the better. A setting that the first
round showed to be the worse one in every test of its group is not measured again. With --ik the same is done with
ik_llama.cpp, of ik-llama-cpp-python 0.1.5, in prefill and decoding; its third setting repacks weights when it loads.
Figures move with a machine's neighbours, so only ratios taken in one run mean anything. --prefix runs every measured
command under another one, e.g. `--prefix "chrt -f 10"` on a busy machine.

Only the standard library is needed; the logits check also needs --logits and the built llama-cpp-python.
"""
import argparse
import functools
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import time

from building import IK_VERSION, VERSION, install, install_ik, run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Peers:
    def __init__(self, arguments, programs: pathlib.Path, ik: pathlib.Path | None = None):
        self.spud = str(arguments.spud)
        self.programs = programs
        self.ik = ik
        self.threads = arguments.threads
        self.prefix = shlex.split(arguments.prefix)
        self.repetitions = str(arguments.repetitions)

    def llama_bench(self, model, flash, prompts=(), generate=0, depth=0) -> dict:
        """Tokens a second of each test; one process loads the model once."""
        lengths = ",".join(map(str, prompts)) or "0"
        command = [str(self.programs / "llama-bench"), "-m", model, "-t", str(self.threads), "-p", lengths,
                   "-n", str(generate), "-d", str(depth), "-fa", str(flash), "-r", self.repetitions, "-o", "json"]
        rows = json.loads(run(self.prefix + command, env=self.llama_environment()).stdout)
        return {name_of(row["n_prompt"], row["n_depth"], 1): row["samples_ts"] for row in rows}

    def ik_bench(self, model, flags, prompts=(), generate=0) -> dict:
        """The same of ik_llama.cpp."""
        command = [str(self.ik / "llama-bench"), "-m", model, "-t", str(self.threads), "-p",
                   ",".join(map(str, prompts)) or "0", "-n", str(generate), *flags, "-r", self.repetitions,
                   "-o", "json"]
        rows = json.loads(run(self.prefix + command).stdout)
        return {name_of(row["n_prompt"], 0, 1): row["samples_ts"] for row in rows}

    def llama_batched(self, model, flash, batches, generate) -> dict:
        command = [str(self.programs / "llama-batched-bench"), "-m", model, "-t", str(self.threads), "-c", "4096",
                   "-npp", "16", "-ntg", str(generate), "-npl", ",".join(map(str, batches)), "-fa",
                   "on" if flash else "off",
                   "--output-format", "jsonl"]
        found = {}
        # Its last lines are sometimes lost when it ends.
        for _ in range(5):
            lines = run(self.prefix + command, env=self.llama_environment()).stdout.splitlines()
            rows = [json.loads(line) for line in lines if line.startswith("{")]
            found |= {name_of(0, 0, row["pl"]): [row["speed_tg"]] for row in rows}
            if len(found) == len(batches):
                return found
        sys.exit(f"{shlex.join(command)} printed no result for some of its batches")

    def llama_environment(self):
        return {**os.environ, "LD_LIBRARY_PATH": str(self.programs)}

    def spud_bench(self, model, level, cache, prompts=(), generate=0, depth=0, batches=(1,)) -> dict:
        command = [self.spud, "bench", "-m", model, "-t", str(self.threads), "-p", ",".join(map(str, prompts)) or "0",
                   "-n", str(generate), "-d", str(depth), "-b", ",".join(map(str, batches)), "-r", self.repetitions,
                   "--cache", cache,
                   "-o", "jsonl"]
        environment = dict(os.environ)
        if level:
            environment["SPUD_INSTRUCTION_SET"] = level
        lines = run(self.prefix + command, env=environment).stdout.splitlines()
        rows = [json.loads(line) for line in lines if line.startswith("{")]
        return {name_of(int(row["test"][2:]) if row["test"].startswith("pp") else 0, row["depth"], row["batch"]): row
                for row in rows}

    def first_token(self, command, environment) -> tuple[float, float]:
        """Seconds from start to end of a process that reads one token, and its largest resident size in bytes."""
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{shlex.join(command)} ended with {status}")
        return time.monotonic() - start, usage.ru_maxrss * 1024


def name_of(prompt: int, depth: int, batch: int) -> str:
    if prompt:
        return f"prefill {prompt}"
    return f"decode at {depth}" if depth else f"decode of {batch}" if batch > 1 else "decode"


# Tests that one process can do after one another, and the cache formats of Spud's.
GROUPS = [
    (dict(prompts=[512, 128, 32], generate=32), ["bf16"]),
    (dict(batches=[4, 8, 16], generate=16), ["bf16"]),
    (dict(depth=4096, generate=16), ["bf16", "q8"]),
]


def names_in(options: dict) -> list[str]:
    names = [name_of(prompt, 0, 1) for prompt in options.get("prompts", [])]
    if options["generate"] == 0:
        return names
    return names + [name_of(0, options.get("depth", 0), batch) for batch in options.get("batches", [1])]


def narrowed(options: dict, names: list[str]) -> dict | None:
    """Only what --test asks for; None when that is nothing."""
    wanted = [name for name in names_in(options) if not names or name in names]
    if not wanted:
        return None
    chosen = dict(options)
    if "prompts" in chosen:
        chosen["prompts"] = [prompt for prompt in chosen["prompts"] if name_of(prompt, 0, 1) in wanted]
        chosen["generate"] = chosen["generate"] if "decode" in wanted else 0
    if "batches" in chosen:
        chosen["batches"] = [batch for batch in chosen["batches"] if name_of(0, 0, batch) in wanted]
    return chosen


def measure(peers: Peers, model: str, rounds: int, names: list[str], levels: list[str | None]) -> list[dict]:
    results = []
    for options, caches in GROUPS:
        chosen = narrowed(options, names)
        if chosen is None:
            continue
        peer = peers.llama_batched if "batches" in chosen else peers.llama_bench
        # What each peer can be told, and what runs it so; what a round shows to be worse is left out of the next.
        settings = {"llama.cpp": {label: functools.partial(peer, model, flash) for label, flash in
                                  [("llama.cpp", 0), ("llama.cpp, flash attention", 1)]}}
        if peers.ik and "batches" not in chosen and not chosen.get("depth"):
            settings["ik_llama.cpp"] = {
                f"ik_llama.cpp, {' '.join(flags)}": functools.partial(peers.ik_bench, model, flags)
                for flags in [["-fa", "0"], ["-fa", "1"], ["-fa", "1", "-rtr", "1"]]}
        # One dictionary a round: each test's samples, or Spud's row.
        anchors: dict[str, list[dict]] = {label: [] for runs in settings.values() for label in runs}
        own: dict[tuple, list[dict]] = {(level, cache): [] for level in levels for cache in caches}
        for turn in range(rounds):
            for runs in settings.values():
                for label, measured in runs.items():
                    anchors[label].append(measured(**chosen))
            for level, cache in own:
                own[level, cache].append(peers.spud_bench(model, level, cache, **chosen))
            if turn == 0:
                for program, runs in settings.items():
                    best = {max(runs, key=lambda label: statistics.median(anchors[label][0][name]))
                            for name in names_in(chosen)}
                    settings[program] = {label: measured for label, measured in runs.items() if label in best}
        for name in names_in(chosen):
            samples = {label: sum((turn[name] for turn in anchors[label]), []) for label in anchors}
            medians = {program: max(statistics.median(samples[label]) for label in runs)
                       for program, runs in settings.items()}
            for (level, cache), turns in own.items():
                rows = [turn[name] for turn in turns]
                results.append(compared(model, name, level, cache, medians, samples, rows))
                print(line(results[-1]), flush=True)
    return results


def compared(model: str, name: str, level: str | None, cache: str, medians: dict[str, float], samples: dict,
             rows: list[dict]) -> dict:
    anchor, ik = medians["llama.cpp"], medians.get("ik_llama.cpp")
    own = sum((row["samples"] for row in rows), [])

    def median(key: str):
        values = [row[key] for row in rows if row.get(key) is not None]
        return statistics.median(values) if values else None

    return {
        "model": pathlib.Path(model).name, "test": name, "cache": cache, "instruction_set": rows[0]["instruction_set"],
        "llama_cpp": anchor, "spud": statistics.median(own), "ratio": statistics.median(own) / anchor,
        "ik_llama_cpp": ik, "ik_ratio": statistics.median(own) / ik if ik else None,
        "samples": len(own),
        "figures": {**samples, f"spud, {level or 'best'}, {cache} cache": own},
        "fraction_of_bandwidth": median("fraction_of_bandwidth"), "fraction_of_compute": median("fraction_of_compute"),
        "read_gb_per_s": median("read_gb_per_s"), "peak_gops": median("peak_gops"),
    }


def percent(value) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def ik_figures(result: dict) -> str:
    """ik_llama.cpp's tokens a second and the ratio to them, within llama.cpp's cell."""
    return "" if result["ik_llama_cpp"] is None else f"(ik {result['ik_llama_cpp']:.1f}, {result['ik_ratio']:.2f}) "


def line(result: dict) -> str:
    reads = "" if result["read_gb_per_s"] is None else f"{result['read_gb_per_s']:.0f} GB/s"
    return (f"| {result['model']} | {result['test']} | {result['instruction_set']}, {result['cache']} | "
            f"{result['llama_cpp']:.1f} {ik_figures(result)}"
            f"| {result['spud']:.1f} | {result['ratio']:.2f} | {percent(result['fraction_of_bandwidth'])} of {reads} "
            f"| {percent(result['fraction_of_compute'])} | {result['samples']} |")


def loading(peers: Peers, model: str, rounds: int) -> dict:
    """Page cache warm: process start to one token read, and peak memory."""
    llama = [str(peers.programs / "llama-bench"), "-m", model, "-t", str(peers.threads), "-p", "1", "-n", "0", "-r",
             "1",
             "--no-warmup"]
    spud = [peers.spud, "logits", "-m", model, "--ids", "1"]
    size = os.path.getsize(model)
    times = {"llama.cpp": [], "spud": []}
    memory = {}
    for _ in range(rounds):
        for label, command, environment in (
                ("llama.cpp", llama, peers.llama_environment()), ("spud", spud, dict(os.environ))):
            seconds, peak = peers.first_token(peers.prefix + command, environment)
            times[label].append(seconds)
            memory[label] = max(memory.get(label, 0), peak)
    medians = {label: statistics.median(values) for label, values in times.items()}
    print(f"{pathlib.Path(model).name}: load to first token {medians['llama.cpp']:.2f} s (llama.cpp), "
          f"{medians['spud']:.2f} s "
          f"(spud); peak memory {memory['llama.cpp'] / size:.2f} and {memory['spud'] / size:.2f} of the file",
          flush=True)
    return {"model": pathlib.Path(model).name, "seconds": medians, "peak_bytes": memory, "file_bytes": size,
            "all": times}


def logits(peers: Peers, cache: pathlib.Path, model: str) -> dict:
    """The largest difference of the two runtimes' logits, and the mean KL divergence, over 32 ids."""
    ids = [(7919 * index + 13) % 4096 for index in range(32)]
    script = (
        "import json, sys, numpy as np, llama_cpp\n"
        "model, ids, threads = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])\n"
        "llama = llama_cpp.Llama(model, n_ctx=64, n_batch=64, n_threads=threads, n_threads_batch=threads, "
        "logits_all=True,\n"
        "                        verbose=False)\n"
        "llama.eval(ids)\n"
        "np.save(sys.argv[4], llama.scores[:len(ids)])\n")
    reference = cache / "logits.npy"
    python = str(cache / "venv" / "bin" / "python")
    run([python, "-c", script, model, json.dumps(ids), str(peers.threads), str(reference)],
        env={**os.environ, "LLAMA_CPP_LIB_PATH": str(peers.programs), "LD_LIBRARY_PATH": str(peers.programs)})
    own = json.loads(run([peers.spud, "logits", "-m", model, "--ids", ",".join(map(str, ids)),
                          "--json"]).stdout)["logits"]
    compare = (
        "import json, sys, numpy as np\n"
        "a = np.load(sys.argv[1]).astype(np.float64)\n"
        "b = np.array(json.load(open(sys.argv[2])), dtype=np.float64)\n"
        "log = lambda x: x - x.max(1, keepdims=True) - np.log(np.exp(x - x.max(1, keepdims=True)).sum(1, "
        "keepdims=True))\n"
        "p, q = log(a), log(b)\n"
        "print(json.dumps({'largest_difference': float(np.abs(a - b).max()), 'spread': float(a.std()),\n"
        "                  'mean_kl': float((np.exp(p) * (p - q)).sum(1).mean()),\n"
        "                  'same_best': float((a.argmax(1) == b.argmax(1)).mean())}))\n")
    other = cache / "logits.json"
    other.write_text(json.dumps(own))
    found = json.loads(run([python, "-c", compare, str(reference), str(other)]).stdout)
    print(f"{pathlib.Path(model).name}: logits differ by at most {found['largest_difference']:.4f} (their deviation is "
          f"{found['spread']:.3f}), mean KL {found['mean_kl']:.2e}, the same best id in {100 * found['same_best']:.0f} "
          f"%", flush=True)
    return {"model": pathlib.Path(model).name, **found}


def processor() -> str:
    for text in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else []:
        if text.startswith("model name"):
            return text.split(":", 1)[1].strip()
    return platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", required=True, help="a GGUF file; may be given again")
    parser.add_argument("--spud", default=str(ROOT / ".build" / "release" / "spud"))
    parser.add_argument("--cache", type=pathlib.Path, default=HERE / ".cache", help="where llama.cpp is built")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repetitions", type=int, default=1,
                        help="samples in each turn, where the programs can (deep contexts)")
    parser.add_argument("--test", action="append", default=[], help="only this test; may be given again")
    parser.add_argument("--instruction-set", action="append",
                        help="Spud's: portable, avx2 or avx512; may be given again")
    parser.add_argument("--ik", action="store_true", help="also measure ik_llama.cpp")
    parser.add_argument("--avx2", action="store_true", help="all of them with AVX2 alone, the peers built for it")
    parser.add_argument("--logits", action="store_true", help="check that both produce close logits")
    parser.add_argument("--load", action="store_true", help="also time loading and measure peak memory")
    parser.add_argument("--prefix", default="", help="a command that runs the measured ones")
    parser.add_argument("--out", type=pathlib.Path, help="directory for results.json and results.md")
    arguments = parser.parse_args()
    known = [name for options, _ in GROUPS for name in names_in(options)]
    if unknown := [name for name in arguments.test if name not in known]:
        parser.error(f"there is no test '{unknown[0]}'; the tests are {', '.join(known)}")
    if not os.path.exists(arguments.spud):
        sys.exit(f"{arguments.spud} is not there: swift build -c release --product spud")
    if arguments.avx2:
        arguments.instruction_set = ["avx2"]
    programs = install(arguments.cache, avx2=arguments.avx2)
    peers = Peers(arguments, programs, install_ik(arguments.cache, arguments.avx2) if arguments.ik else None)
    report = {"schema": 1, "processor": processor(), "threads": arguments.threads, "rounds": arguments.rounds,
              "llama_cpp_python": VERSION, "ik_llama_cpp_python": IK_VERSION if arguments.ik else None,
              "instruction_set": arguments.instruction_set, "tests": [], "loading": [], "logits": []}
    header = ("| model | test | kernels, cache | llama.cpp, tokens/s | spud, tokens/s | ratio | of the bandwidth | of "
              "the peak "
              "| samples |\n|---|---|---|---|---|---|---|---|---|")
    print(header, flush=True)
    for model in arguments.model:
        report["tests"] += measure(peers, model, arguments.rounds, arguments.test, arguments.instruction_set or [None])
    for model in arguments.model:
        if arguments.load:
            report["loading"].append(loading(peers, model, arguments.rounds))
        if arguments.logits:
            report["logits"].append(logits(peers, arguments.cache, model))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "results.json").write_text(json.dumps(report, indent=1) + "\n")
        (arguments.out / "results.md").write_text("\n".join([header] + [line(result) for result in report["tests"]])
                                                  + "\n")


if __name__ == "__main__":
    main()
