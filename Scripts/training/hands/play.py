#!/usr/bin/env python3
"""Plays pages with the model of a run: closed loop, from pixels, on development seeds.

    play.py --model MODEL --run RUN --pages click-test --episodes 20

Evaluation proper is `spud miniwob`, on other seeds; this is how training is watched. The page's DOM is not read: the
task is the page's own text, all else are pixels. Success is the raw reward of split.py.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from browser import Browser, BrowserLost  # noqa: E402
from episode import Episode  # noqa: E402
from nano.checkpoint import read_model  # noqa: E402
from split import STEPS, TIER_1, seed_of, threshold  # noqa: E402
from stream import BINS, Stream  # noqa: E402


class Agent:
    def __init__(self, model: Path, run: Path):
        self.stream, self.model = Stream(model), read_model(run)

    def allowed(self, written: list[int]) -> list[int] | None:
        """The ids that may come next in an answer; None where any text or control may."""
        c = self.stream.control
        if not written:
            return [c["<think>"]] + [c[f"<{k}>"] for k in ("click", "drag", "type", "key", "done", "alert")]
        if written[0] == c["<think>"] and c["</think>"] in written:
            written = written[written.index(c["</think>"]) + 1 :]
            if not written:
                return [c[f"<{k}>"] for k in ("click", "drag", "type", "key")]
        xs, ys = (list(range(first, first + BINS)) for first in (self.stream.x, self.stream.y))
        if written[0] == c["<think>"]:
            return ys if len(written) % 2 == 0 else xs + [c["</think>"]]
        kind, done = written[0], len(written) - 1
        if kind in (c["<click>"], c["<drag>"]):
            return (xs, ys)[done % 2] if done < (2 if kind == c["<click>"] else 4) else [c["<end>"]]
        if kind == c["<key>"]:
            return [i for n, i in c.items() if n.startswith("<key:")] if done == 0 else [c["<end>"]]
        return [c["<end>"]] if kind == c["<done>"] or done > 40 else list(range(256)) + [c["<end>"]]

    @torch.no_grad()
    def answer(self, prompt: list[int]) -> list[int]:
        """The likeliest answer, token by token."""
        written: list[int] = []
        while not written or written[-1] != self.stream.control["<end>"]:
            hidden, _, _ = self.model.trunk(torch.tensor([prompt + written]))
            logits = F.linear(hidden[0, -1], self.model.head[: self.stream.image]).float()
            may = torch.tensor(self.allowed(written))
            written.append(int(may[logits[may].argmax()]))
        return written

    def play(self, browser: Browser, page: str, seed: str, trace: list | None = None) -> float | None:
        """The raw reward of an episode; None where it did not end within STEPS actions, or repeated itself four
        times."""
        episode = Episode(browser, page, seed)
        plan, last, before = [], [], []
        for _ in range(STEPS):
            now = self.stream.groups(episode.look())
            said, action = self.stream.parse(self.answer(self.stream.prompt(episode.task, plan, last, before, now)))
            if trace is not None:
                trace.append(action)
            if action is None or action[0] in ("done", "alert"):
                break
            plan = said or plan
            episode.act(action)
            last.append(action)
            before = now
            if episode.reward() is not None:
                break
            if len(last) >= 4 and len(set(last[-4:])) == 1:
                break
        episode.look()
        return episode.reward()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--pages", nargs="*", default=TIER_1)
    p.add_argument("--episodes", type=int, default=20)
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--failures", action="store_true", help="print what was done in episodes that failed")
    a = p.parse_args()
    torch.set_num_threads(1)
    agent, browser, rates = Agent(a.model, a.run), Browser(), {}
    started = time.monotonic()
    for page in a.pages:
        right = 0
        for number in range(a.first, a.first + a.episodes):
            trace: list = []
            try:
                reward = agent.play(browser, page, seed_of("development", page, number), trace)
            except BrowserLost:
                browser.close()
                browser, reward = Browser(), None
            right += reward is not None and reward >= threshold(page)
            if a.failures and not (reward is not None and reward >= threshold(page)):
                print(f"  {page}/{number}: {reward}, {trace}", flush=True)
        rates[page] = right / a.episodes
        print(f"{page} {100 * rates[page]:.0f} %", flush=True)
    browser.close()
    state = json.loads((a.run / "state.json").read_text())
    print(
        f"step {state['step']}, {state['tokens'] / 1e6:.2f} M tokens: mean "
        f"{100 * sum(rates.values()) / len(rates):.1f} % of {len(rates)} pages, {a.episodes} episodes each, "
        f"{time.monotonic() - started:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
