#!/usr/bin/env python3
"""Fixtures of the hands' screens: what Scripts/training/hands makes of pixels, for the tests of SpudHands.

    goldens/hands.py --demonstrations DIR --out Tests/SpudHandsTests/Fixtures

DIR holds demonstrations (`demonstrate.py`). OUT gets a few screens as PNG, marks.safetensors with a small codebook, and
hands.json: the bounds of each screen's marks by group, the groups' ids, a prompt, and answers with what they say.
"""

import argparse
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "training" / "hands"))
import numpy as np  # noqa: E402
import screen  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402
from stream import Stream  # noqa: E402

PAGES = ["click-test", "click-shape", "email-inbox-delete", "use-slider", "choose-list", "click-pie-nodelay"]


def steps(path: Path, each: int):
    blob = path.with_suffix(".bin").read_bytes()
    for line in path.read_text().splitlines()[:each]:
        record = json.loads(line)
        for step in record["steps"]:
            first, length = step["screen"]
            yield record, step, blob[first : first + length]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--demonstrations", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    chosen, patches = [], []
    for page in PAGES:
        path = sorted(a.demonstrations.glob(f"{page}-0*.jsonl"))[0]
        chosen.append((page, *next(steps(path, 1))))
    for _, _, _, png in chosen:
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
        patches += [screen.patch(pixels, m) for g in screen.read(pixels) for m in g.marks]
    small = np.stack(patches[:: max(1, len(patches) // 20)])[:20]
    save_file({"patches": small}, a.out / "marks.safetensors", metadata={"kind": "marks", "schema": "1"})
    stream, screens, before = Stream(a.out), [], []
    for page, record, _, png in chosen:
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
        (a.out / f"{page}.png").write_bytes(png)
        groups = screen.read(pixels)
        now = stream.groups(pixels)
        last = [("click", 41, 77), ("type", "Zoë"), ("key", "tab"), ("drag", 3, 51, 158, 208), ("click", 300, 20)]
        screens.append(
            {
                "page": page,
                "task": record["task"],
                "marks": [[[m.left, m.top, m.right, m.bottom] for m in g.marks] for g in groups],
                "groups": [list(g) for g in now],
                "prompt": stream.prompt(record["task"], [(5, 60), (77, 100)], last, before, now),
            }
        )
        before = now
    said = []
    for action in [("click", 41, 77), ("drag", 3, 51, 157, 207), ("type", "Zoë 7"), ("key", "all"), ("done",)]:
        for plan in ([], [(5, 61), (77, 101)]):
            ids = stream.answer([action], plan)
            made, parsed = stream.parse(ids)
            said.append({"ids": ids, "plan": [list(x) for x in made], "action": list(parsed or ())})
    (a.out / "hands.json").write_text(json.dumps({"size": stream.size, "screens": screens, "answers": said}) + "\n")
    print(f"{len(screens)} screens, {sum(len(s['marks']) for s in screens)} groups, {len(small)} codes")


if __name__ == "__main__":
    main()
