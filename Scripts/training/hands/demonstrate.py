#!/usr/bin/env python3
"""Demonstrations: plays pages with their oracles and keeps the screens and actions of the episodes that the page
rewards in full.

    demonstrate.py --pages click-test click-link --count 200 --first 0 --out DIR

Episodes are numbered, and the number is the seed. OUT/PAGE-FIRST.jsonl has a line an episode; the screens are PNGs in a
.bin beside it.
"""

import argparse
import io
import json
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import screen  # noqa: E402
from browser import Browser, BrowserLost  # noqa: E402
from episode import Episode  # noqa: E402
from oracles import ORACLES, Dom  # noqa: E402
from PIL import Image  # noqa: E402
from split import seed_of, threshold  # noqa: E402

MOST_STEPS = 40  # a stray click may leave a page where its oracle gets nowhere


def place(box: list[float], groups: list[screen.Group]) -> tuple[int, int]:
    """Where in a rectangle to click: on the group nearest to its middle, or on its first corner; in the middle where it
    shows nothing.

    A group's place is a token of the screen, so that an agent learns to point by copying it.
    """
    left, top, right, bottom = box
    middle = (left + right) / 2, (top + bottom) / 2
    inside = [
        g.centre() for g in groups if left + 1 <= g.centre()[0] < right - 1 and top + 1 <= g.centre()[1] < bottom - 1
    ]
    if inside:
        nearest = min(inside, key=lambda c: abs(c[0] - middle[0]) + abs(c[1] - middle[1]))
        close = max(4, 0.3 * min(right - left, bottom - top))
        whole = abs(nearest[0] - middle[0]) + abs(nearest[1] - middle[1]) <= close
        return snapped(*(nearest if whole else inside[0]))
    return snapped(int(middle[0]), int(middle[1]))


def snapped(x: int, y: int) -> tuple[int, int]:
    """The middle of the bin of a place, in pixels."""
    return x // 2 * 2 + 1, y // 2 * 2 + 1


def settled(action: tuple, groups: list[screen.Group]) -> tuple:
    """An oracle's action with places in place of rectangles."""
    if action[0] == "click":
        return ("click", *place(action[1], groups))
    if action[0] == "drag":
        return ("drag", *snapped(*map(int, action[1])), *snapped(*map(int, action[2])))
    return action


def encoded(pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def demonstrate(browser: Browser, page: str, seed: str, stray: float = 0) -> tuple[dict, list[bytes]] | None:
    """One episode and its screens; None where the page did not reward it in full.

    stray: how many episodes begin with a click somewhere, which is no example but a state that an agent gets into.
    """
    episode, chance = Episode(browser, page, seed), random.Random(seed)
    dom, steps, screens, plan = Dom(browser, episode.task, seed), [], [], []
    if chance.random() < stray:
        action = ("click", *snapped(chance.randrange(160), chance.randrange(50, 210)))
        steps, screens = [{"action": action, "stray": True}], [encoded(episode.look())]
        episode.act(action)
        if episode.reward() is not None:
            return demonstrate(browser, page, seed)
    oracle = ORACLES[page](dom)
    while True:
        pixels = episode.look()
        raw = next(oracle, None)
        if raw is None or len(steps) == MOST_STEPS:
            break
        groups, made = screen.read(pixels), False
        if raw[0] == "plan":
            plan, made, raw = [place(box, groups) for box in raw[1]], True, next(oracle)
        action = ("click", *plan[raw[1]]) if raw[0] == "planned" else settled(raw, groups)
        screens.append(encoded(pixels))
        steps.append({"action": action, "words": dom.js("hands.words()")} | ({"plan": plan} if made else {}))
        episode.act(action)
        if episode.reward() is not None:
            break
    reward = episode.reward()
    if reward is None or reward < threshold(page):
        if steps and "stray" in steps[0]:
            return demonstrate(browser, page, seed)
        print(
            f"{page} {seed}: reward {reward}, task {episode.task!r}, actions {[s['action'] for s in steps]}",
            file=sys.stderr,
            flush=True,
        )
        return None
    return {"page": page, "seed": seed, "task": episode.task, "steps": steps}, screens


def wait_while_stopped(pid: Path) -> None:
    """Sleeps while the process named in a file is stopped: demonstrations rest when training does."""
    while pid.exists():
        stat = Path("/proc") / pid.read_text().strip() / "stat"
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] not in "Tt":
            return
        time.sleep(1)


def write(
    browser: Browser | None, page: str, numbers: range, out: Path, split: str, stray: float
) -> tuple[Browser, int]:
    """Plays a page's episodes into files of their own; answers with the browser, which may be another one, and how many
    were kept."""
    stem, kept = out / f"{page}-{numbers.start:07d}", 0
    with open(stem.with_suffix(".partial"), "w") as lines, open(stem.with_suffix(".bin"), "wb") as blob:
        for number in numbers:
            wait_while_stopped(out.parent / "pid")
            try:
                browser = browser or Browser()
                made = demonstrate(browser, page, seed_of(split, page, number), stray)
            except (BrowserLost, RuntimeError, TypeError, IndexError) as error:
                print(f"{page} {number}: {type(error).__name__} {error}", file=sys.stderr, flush=True)
                made = None
                if browser and isinstance(error, BrowserLost):
                    browser.close()
                    browser = None
            if made is None:
                continue
            record, screens = made
            for step, data in zip(record["steps"], screens):
                step["screen"] = [blob.tell(), len(data)]
                blob.write(data)
            lines.write(json.dumps(record) + "\n")
            kept += 1
    stem.with_suffix(".partial").rename(stem.with_suffix(".jsonl"))
    return browser, kept


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pages", nargs="*", help="all that have an oracle")
    p.add_argument("--split", default="train", choices=["train", "development"])
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--count", type=int, default=100)
    p.add_argument("--stray", type=float, default=0.15, help="share of episodes that begin with a click somewhere")
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    browser = None
    for page in a.pages or list(ORACLES):
        if (a.out / f"{page}-{a.first:07d}.jsonl").exists():
            continue
        started = time.monotonic()
        browser, kept = write(browser, page, range(a.first, a.first + a.count), a.out, a.split, a.stray)
        print(
            f"{page}: {kept} of {a.count} rewarded, {(time.monotonic() - started) / a.count:.3f} s an episode",
            flush=True,
        )
    if browser:
        browser.close()


if __name__ == "__main__":
    main()
