#!/usr/bin/env python3
"""Several users at once, as `aiperf` measures them: `spud serve` against llama.cpp's server, in turn, on the same file.

    Scripts/install server
    python3 -m venv aiperf && aiperf/bin/pip install aiperf==0.13.0
    make_moe_gguf.py m.gguf --type Q4_0 --layers 4 --vocabulary --context 40960
    Benchmarks/serving/users.py -m m.gguf --llama-server PATH --aiperf aiperf/bin/aiperf

llama-server is built from the source package that ../peers/compare.py builds llama-bench from, with
-DLLAMA_BUILD_SERVER=ON and the target llama-server. Every prompt is another; answers are as long as they may be
(`ignore_eos`), sampled at temperature 1 from the whole vocabulary, so that nothing can be guessed from what repeats.
Prints a table of medians over the rounds, and the processor's time that aiperf took from the same cores.
"""
import argparse
import json
import os
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "ol")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prompts(path: Path, count: int, words: int, seed: int) -> None:
    """Writes prompts of random words, no two alike from the first word on."""
    draw = random.Random(seed)
    with path.open("w") as file:
        for number in range(count):
            text = " ".join("".join(draw.choices(SYLLABLES, k=2)) for _ in range(words))
            file.write(json.dumps({"text": f"{number} {text}"}) + "\n")


def tokenizer(folder: Path) -> str:
    """A tokenizer that knows no word: aiperf loads one, though the servers count the tokens, and fetches its own."""
    path = folder / "tokenizer"
    path.mkdir()
    (path / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": {"<unk>": 0}, "unk_token": "<unk>"}}))
    (path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    return str(path)


class Served:
    """A server that runs until the block ends."""

    def __init__(self, command: list[str], port: int) -> None:
        self.command, self.url = command, f"http://127.0.0.1:{port}"

    def __enter__(self) -> str:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                with urllib.request.urlopen(self.url + "/health", timeout=5) as response:
                    if response.status == 200:
                        return self.url
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.process.kill()
        raise SystemExit(f"{self.command[0]} did not begin to serve")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)


def measure(args: argparse.Namespace, url: str, users: int, seed: int) -> dict[str, float]:
    """One run of aiperf: tokens/s, milliseconds."""
    count = max(args.requests, 2 * users)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prompts.jsonl"
        prompts(path, count + users, args.words, seed)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([
            args.aiperf, "profile", "--model", args.name, "--tokenizer", tokenizer(Path(folder)), "--url", url,
            "--endpoint-type", "chat", "--streaming", "--use-server-token-count", "--input-file", str(path),
            "--custom-dataset-type", "single_turn", "--concurrency", str(users), "--request-count", str(count),
            "--dataset-sampling-strategy", "sequential", "--extra-inputs", f"max_tokens:{args.generate}",
            "--extra-inputs", "ignore_eos:true", "--extra-inputs", "temperature:1", "--extra-inputs", "top_k:0",
            "--extra-inputs", "top_p:1", "--extra-inputs", "min_p:0", "--artifact-dir", folder, "--ui", "none",
            "--no-gpu-telemetry", "--no-server-metrics"],
            check=True, stdout=subprocess.DEVNULL, stderr=None if args.loud else subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = json.loads(next(Path(folder).rglob("profile_export_aiperf.json")).read_text())
    return {
        "tokens_s": report["total_token_throughput"]["avg"],
        "output_s": report["output_token_throughput"]["avg"],
        "ttft_ms": report["time_to_first_token"]["p50"],
        "itl_p99_ms": report["inter_token_latency"]["p99"],
        "prompt_tokens": report["input_sequence_length"]["avg"],
        "answer_tokens": report["output_sequence_length"]["avg"],
        "aiperf_cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("--llama-server", required=True)
    parser.add_argument("--aiperf", default="aiperf")
    parser.add_argument("--spud-server", default=str(ROOT / ".build-server/release/spud-server"))
    parser.add_argument("--users", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=8, help="at least; twice the users where that is more")
    parser.add_argument("--words", type=int, default=160, help="of a prompt")
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--context", type=int, default=4096, help="of each user")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--loud", action="store_true")
    args = parser.parse_args()
    args.name = Path(args.model).name
    most = max(args.users)

    def served(peer: str) -> Served:
        port = free_port()
        if peer == "spud":
            return Served([args.spud_server, "-m", args.model, "-t", str(args.threads), "--port", str(port),
                           "--parallel", str(most)], port)
        return Served([args.llama_server, "-m", args.model, "-t", str(args.threads), "--host", "127.0.0.1", "--port",
                       str(port), "-np", str(most), "-c", str(most * args.context), "--no-webui"], port)

    results: dict[int, dict[str, list[dict[str, float]]]] = {u: {"spud": [], "llama.cpp": []} for u in args.users}
    for turn in range(args.rounds):
        for peer in ("spud", "llama.cpp") if turn % 2 == 0 else ("llama.cpp", "spud"):
            with served(peer) as url:
                measure(args, url, 1, 10_000 + turn)  # warm
                for users in args.users:
                    results[users][peer].append(measure(args, url, users, turn * 100 + users))
                    print(peer, users, results[users][peer][-1], file=sys.stderr, flush=True)

    print("| users | tokens/s | of llama.cpp's | TTFT p50, ms | of llama.cpp's | ITL p99, ms | of llama.cpp's |")
    print("|---|---|---|---|---|---|---|")
    for users, peers in results.items():
        def median(peer: str, key: str, peers: dict[str, list[dict[str, float]]] = peers) -> float:
            return statistics.median(one[key] for one in peers[peer])

        cells = []
        for key in ("tokens_s", "ttft_ms", "itl_p99_ms"):
            ours, theirs = median("spud", key), median("llama.cpp", key)
            cells.append(f"{ours:.0f} : {theirs:.0f} | {ours / theirs:.2f} ×")
        print(f"| {users} | {' | '.join(cells)} |")
    everything = [one for peers in results.values() for runs in peers.values() for one in runs]
    print(f"\nPrompts of {statistics.mean(one['prompt_tokens'] for one in everything):.0f} tokens, answers of "
          f"{statistics.mean(one['answer_tokens'] for one in everything):.0f}; aiperf took "
          f"{statistics.mean(one['aiperf_cpu_s'] for one in everything):.1f} s of processor time a run.")


if __name__ == "__main__":
    main()
