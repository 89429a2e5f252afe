#!/usr/bin/env python3
"""How long one user waits between two tokens while another's long prompt is read, and what that costs the prompt; how
soon /health answers meanwhile, and how soon pages are free again when a client has gone.

    Scripts/install server
    make_moe_gguf.py m.gguf --type Q4_0 --layers 4 --vocabulary --context 40960
    Benchmarks/serving/gap.py -m m.gguf                  # 32,768 ids; some minutes on two cores

Only the standard library is needed. Prints one JSON object: gaps in milliseconds, reading in seconds. The bar: the
worst gap at most the greatest of twice the base, 150 ms, and one layer's block and one token; the long prompt at most
10 % slower than alone, the time given to the other's tokens taken off; /health within 50 ms (p99); a client that goes
leaves its pages, or its place in the queue, within 200 ms, whatever it waited for.
"""
import argparse
import json
import random
import socket
import statistics
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests/Clients"))

from server import Server

PARALLEL = 16  # requests that are served at once


class Stream(threading.Thread):
    """A completion that goes on until it is told to end; `times` are those at which its tokens came."""

    def __init__(self, server: Server, prompt: list[int], tokens: int) -> None:
        super().__init__(daemon=True)
        self.times: list[float] = []
        self.connection = server.connect(timeout=3600)
        self.body = {"prompt": prompt, "max_tokens": tokens, "stream": True, "ignore_eos": True, "temperature": 1}
        self.start()

    def run(self) -> None:
        self.connection.request("POST", "/v1/completions", json.dumps(self.body))
        response = self.connection.getresponse()
        try:
            while line := response.readline():
                if line.startswith(b"data: {"):
                    self.times.append(time.monotonic())
        except (AttributeError, OSError, ValueError):  # closed while it was read
            pass

    def gaps(self, start: float, end: float) -> list[float]:
        """Milliseconds between tokens that came between two times."""
        times = [moment for moment in self.times if start <= moment <= end]
        return [(b - a) * 1e3 for a, b in zip(times, times[1:], strict=False)]


def read(server: Server, prompt: list[int]) -> dict[str, float]:
    """Has a prompt read: seconds, and how many of its ids were found."""
    start = time.monotonic()
    response = server.post("/v1/completions", {"prompt": prompt, "max_tokens": 1, "ignore_eos": True}, timeout=3600)
    assert response.status == 200, response.body
    usage = json.loads(response.body)["usage"]
    return {"seconds": time.monotonic() - start,
            "cached": (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)}


class Health(threading.Thread):
    """Asks for the server's health again and again; `times` are in milliseconds."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server, self.times, self.ended = server, [], threading.Event()
        self.start()

    def run(self) -> None:
        while not self.ended.wait(0.02):
            start = time.monotonic()
            assert self.server.get("/health").status == 200
            self.times.append((time.monotonic() - start) * 1e3)


def held(server: Server) -> float:
    """Pages that requests hold, and requests that wait."""
    return (server.metric("spud_cache_pages", state="referenced") + server.metric("spud_requests_running")
            + server.metric("spud_requests_waiting"))


def written(server: Server) -> float:
    """Seconds that the engine has spent on answers' tokens."""
    return server.metric("spud_engine_seconds_total", phase="write")


def queued(server: Server) -> float:
    """Requests that wait for others to end."""
    return server.metric("spud_requests_waiting")


def leave(server: Server, body: dict, seconds: float, reads: bool = True, held: Callable = held) -> float:
    """Asks, goes away after some time, and returns the milliseconds until nothing of it is `held`.

    Nobody else's may be meanwhile. Without `reads`, what comes is left unread.
    """
    text = json.dumps(body).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16 if reads else 1 << 10)
        head = f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(text)}\r\n\r\n"
        connection.sendall(head.encode() + text)
        end = time.monotonic() + seconds
        connection.settimeout(0.01)
        while time.monotonic() < end:
            try:
                if reads and not connection.recv(1 << 16):
                    raise SystemExit("the answer ended before its client went")
            except TimeoutError:
                pass
            if not reads:
                time.sleep(0.01)
        assert held(server) > 0, "nothing is held that could be left"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    start = time.monotonic()
    while held(server) > 0:
        time.sleep(0.002)
    return (time.monotonic() - start) * 1e3


def leaving(server: Server, prompt: list[int], rounds: int = 5) -> dict[str, float]:
    """The longest of some tries, by what the client was waiting for when it went."""
    short = {"prompt": prompt[:64], "max_tokens": 30000, "stream": True, "ignore_eos": True, "temperature": 1}
    long = {"prompt": prompt, "max_tokens": 1}
    ways = {"prompt": lambda n: leave(server, long | {"prompt": prompt[n:]}, 1 + n),
            "decode": lambda n: leave(server, short, 1 + n / 7),
            "slow_reader": lambda n: leave(server, short, 5, reads=False)}
    longest = {name: max(way(n) for n in range(rounds)) for name, way in ways.items()}
    # As many as are served at once, a long prompt among them, so that the next one waits.
    others = [Stream(server, prompt[n:n + 64], 30000) for n in range(PARALLEL - 1)]
    others.append(Stream(server, prompt[PARALLEL:], 1))
    while server.metric("spud_requests_running") < PARALLEL:
        time.sleep(0.05)
    longest["queue"] = max(leave(server, short, 1, held=queued) for n in range(rounds))
    for other in others:
        other.connection.close()
    return longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("--ids", type=int, default=32768, help="of the long prompt")
    parser.add_argument("--base", type=float, default=20, help="seconds in which the one user is alone")
    parser.add_argument("--vocabulary", type=int, default=50000, help="ids are drawn below this")
    args = parser.parse_args()
    draw = random.Random(1)

    def prompt(count: int) -> list[int]:
        return [draw.randrange(256, args.vocabulary) for _ in range(count)]

    server = Server("-m", args.model, "--parallel", PARALLEL)
    try:
        read(server, prompt(512))
        alone = read(server, prompt(args.ids))["seconds"]
        stream = Stream(server, prompt(64), 30000)
        while len(stream.times) < 16:
            time.sleep(0.05)
        start = time.monotonic()
        time.sleep(args.base)
        base = stream.gaps(start, time.monotonic())
        begun, writing = time.monotonic(), written(server)
        beside = read(server, prompt(args.ids))["seconds"]
        writing = written(server) - writing
        during = stream.gaps(begun, begun + beside)
        stream.connection.close()
        # Of a prompt of its own: asking takes time from the same processors.
        health = Health(server)
        read(server, prompt(args.ids // 4))
        health.ended.set()
        found = prompt(4096)
        read(server, found)
        again = [read(server, found) for _ in range(5)]
        while held(server) > 0:
            time.sleep(0.1)
        left = leaving(server, prompt(args.ids))
    finally:
        server.stop()
    print(json.dumps({
        "base_ms": {"median": statistics.median(base), "worst": max(base)},
        "beside_ms": {"median": statistics.median(during), "p99": sorted(during)[len(during) * 99 // 100],
                      "worst": max(during), "tokens": len(during)},
        "prompt_s": {"alone": alone, "beside": beside, "beside_less_tokens": beside - writing},
        "found_again_ms": {"median": statistics.median(one["seconds"] for one in again) * 1e3,
                           "ids": again[0]["cached"]},
        "health_ms": {"p99": sorted(health.times)[len(health.times) * 99 // 100], "times": len(health.times)},
        "left_ms": left,
    }, indent=2))


if __name__ == "__main__":
    main()
