#!/usr/bin/env python3
"""What spud-long finds again in long streams that it has not seen, attending to all of them and to a part.

    evaluate.py --media WORK/media --streams 12 --attend 0,512,1024,2048 --out Benchmarks/results/long.md

Each stream is sent as a client sends it, pictures as PNG and sounds as WAV, to a server for each way of attending; each
of its facts that is asked for is a request of its own. *Needles* are few facts among words, *pairs* nothing but facts.
"""

import argparse
import base64
import http.client
import json
import re
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
import numpy as np  # noqa: E402
from nano.files import located  # noqa: E402
from streams import ANSWERS, KINDS, QUESTIONS, Fact, Maker, Stream  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
FAR = 6000


class Server:
    def __init__(self, program: Path, model: str, attend: int):
        more = ["--attend", str(attend)] if attend else []
        self.process = subprocess.Popen([program, "-m", model, "--port", "0", "--quiet", *more],
                                        stderr=subprocess.PIPE, text=True)
        self.port, self.ready = None, False
        for line in self.process.stderr:
            if found := re.search(r"listening on http://[^ ]*:(\d+)/", line):
                self.port = int(found[1])
            self.ready |= "is ready" in line
            if self.ready and self.port:
                return
        raise SystemExit("the server did not begin")

    def ask(self, content: list[dict]) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        body = {"messages": [{"role": "user", "content": content}], "temperature": 0, "max_tokens": 40}
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if "error" in answer:
            raise SystemExit(answer["error"]["message"])
        return answer["choices"][0]["message"]["content"] or ""

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def content(stream: Stream, question: str, files: list[str]) -> list[dict]:
    """The parts as chat completions have them."""
    parts = []
    for part in Stream([*stream.parts, question]).text_parts:
        if isinstance(part, Fact):
            data = base64.b64encode(Path(files[part.number]).read_bytes()).decode()
            parts.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
                         if part.kind == "picture" else
                         {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}})
        else:
            parts.append({"type": "text", "text": part})
    return parts


def distance(maker: Maker, stream: Stream, fact: Fact) -> int:
    """Ids between the beginning of a fact and the question."""
    after = 0
    for part in reversed(stream.parts):
        after += len(maker.encode(part)) if isinstance(part, str) else len(part.ids)
        if part is fact or isinstance(part, str) and f"the code of {fact.key} is" in part:
            return after
    return after


def table(results: dict, budgets: list[int]) -> str:
    names = ["all" if b == 0 else str(b) for b in budgets]
    lines = ["| | facts | " + " | ".join(f"attending to {n}" for n in names) + " |",
             "|---|---|" + "---|" * len(names)]
    for name, found in results.items():
        count = len(found[budgets[0]])
        if count:
            shares = [f"{100 * sum(found[b]) / count:.0f} %" for b in budgets]
            lines.append(f"| {name} | {count} | " + " | ".join(shares) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", type=Path, default=ROOT / ".build-server/release/spud-server")
    p.add_argument("--model", default=str(ROOT / "Models/spud-long"))
    p.add_argument("--media", type=Path, required=True)
    p.add_argument("--streams", type=int, default=12, help="of needles, and as many of pairs")
    p.add_argument("--length", type=int, default=10200, help="counts a sentence as 14 ids, of which it has 11")
    p.add_argument("--questions", type=int, default=12)
    p.add_argument("--attend", default="0,512,1024,2048")
    p.add_argument("--seed", type=int, default=99)
    p.add_argument("--out", type=Path)
    a = p.parse_args()
    nano = ROOT / "Models/spud-nano"
    folder = a.media / "held-out"
    maker = Maker(nano, folder, located(nano, "tokenizer.json"))
    examples = [json.loads(line) for line in (folder / "examples.jsonl").read_text().splitlines()]
    files = [str(folder / next(iter(e["turns"][0]["parts"][0].values()))) for e in examples]
    budgets = [int(b) for b in a.attend.split(",")]
    rows = [f"{form}, {kind}s" for form in ("needles", "pairs") for kind in KINDS]
    rows += [f"shown or said {FAR} ids ago and more, {kind}s" for kind in KINDS]
    results = {row: {b: [] for b in budgets} for row in rows}
    for budget in budgets:
        server = Server(a.server, a.model, budget)
        for number in range(2 * a.streams):
            dense = number % 2 == 1
            rng = np.random.default_rng([a.seed, number])
            stream = maker.stream(rng, a.length, a.questions, dense)
            for fact in stream.questions:
                said = server.ask(content(stream, QUESTIONS[fact.kind].format(fact.key), files))
                right = said.strip() == ANSWERS[fact.kind].format(fact.key, fact.value)
                results[f"{'pairs' if dense else 'needles'}, {fact.kind}s"][budget].append(right)
                if distance(maker, stream, fact) >= FAR:
                    results[f"shown or said {FAR} ids ago and more, {fact.kind}s"][budget].append(right)
        server.end()
        print(table(results, [b for b in budgets if results[rows[0]][b]]), flush=True)
    if a.out:
        a.out.write_text(table(results, budgets))


if __name__ == "__main__":
    main()
