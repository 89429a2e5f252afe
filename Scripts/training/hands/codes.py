#!/usr/bin/env python3
"""The codebook of marks: the commonest patches that differ from each other by more than a shade.

    codes.py --screens DIR/*.png --demonstrations DIR/*.jsonl --codes 4096 --out MODEL

MODEL/marks.safetensors has `patches`, bytes [codes, SIDE, SIDE, 3]. A mark's code is the patch whose squared distance
is least, the first of equals: whole numbers, the same on every machine.
"""

import argparse
import collections
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import numpy as np  # noqa: E402
import screen  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402


class Codebook:
    def __init__(self, patches: np.ndarray):
        self.patches = patches
        flat = patches.reshape(len(patches), -1).astype(np.float64)  # products and sums of bytes are exact in it
        self.flat, self.squares = flat, np.square(flat).sum(1)
        self.known = {p.tobytes(): i for i, p in reversed(list(enumerate(patches)))}

    @staticmethod
    def load(folder: Path) -> "Codebook":
        return Codebook(load_file(folder / "marks.safetensors")["patches"])

    def code(self, patch: np.ndarray) -> int:
        key = patch.tobytes()
        if key not in self.known:
            if len(self.known) > 400_000:
                self.known.clear()
            self.known[key] = int((self.squares - 2 * (self.flat @ patch.reshape(-1).astype(np.float64))).argmin())
        return self.known[key]


def screens(pngs: list[Path], demonstrations: list[Path], each: int):
    """The pixels of screens, of some episodes of each file."""
    for path in pngs:
        yield np.asarray(Image.open(path).convert("RGB"))
    for path in demonstrations:
        blob = path.with_suffix(".bin").read_bytes()
        for line in path.read_text().splitlines()[:each]:
            for step in json.loads(line)["steps"]:
                first, length = step["screen"]
                yield np.asarray(Image.open(io.BytesIO(blob[first : first + length])).convert("RGB"))


def leaders(patches: np.ndarray, counts: np.ndarray, most: int, near: float) -> tuple[np.ndarray, np.ndarray]:
    """Which patches [n, width], commonest first, become codes, and which of these is nearest to each.

    A patch within `near`, a squared distance, of a commoner one adds to that one's count; the codes are the `most` that
    count most.
    """
    flat = patches.astype(np.float32)
    squares = np.square(flat).sum(1)
    led, owner = np.zeros(0, int), np.full(len(flat), -1)
    for first in range(0, len(flat), 512):  # a block against the leaders so far, then among itself
        block = np.arange(first, min(first + 512, len(flat)))
        if len(led):
            apart = squares[block, None] + squares[led] - 2 * flat[block] @ flat[led].T
            best = apart.argmin(1)
            owner[block] = np.where(apart[np.arange(len(block)), best] <= near, led[best], -1)
        fresh = block[owner[block] < 0]
        apart = squares[fresh, None] + squares[fresh] - 2 * flat[fresh] @ flat[fresh].T
        new: list[int] = []
        for i, e in enumerate(fresh):
            close = [j for j in new if apart[i, j] <= near]
            owner[e] = fresh[close[0]] if close else e
            if not close:
                new.append(i)
        led = np.concatenate((led, fresh[new]))
    total = np.bincount(owner, counts, len(flat))
    return led[np.argsort(-total[led], kind="stable")][:most], total


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--screens", type=Path, nargs="*", default=[])
    p.add_argument("--demonstrations", type=Path, nargs="*", default=[])
    p.add_argument("--each", type=int, default=40, help="episodes of a file of demonstrations")
    p.add_argument("--codes", type=int, default=4096)
    p.add_argument(
        "--near", type=float, default=60_000, help="squared distance, in levels, within which patches are one"
    )
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    counts: collections.Counter[bytes] = collections.Counter()
    number = 0
    for pixels in screens(a.screens, a.demonstrations, a.each):
        number += 1
        counts.update(screen.patch(pixels, m).tobytes() for g in screen.read(pixels) for m in g.marks)
    common = counts.most_common()
    patches = np.stack([np.frombuffer(b, np.uint8) for b, _ in common])
    weights = np.sqrt([c for _, c in common])  # what every screen has should not take all
    chosen, total = leaders(patches, weights, a.codes, a.near)
    a.out.mkdir(parents=True, exist_ok=True)
    side = screen.SIDE
    made = patches[chosen].reshape(-1, side, side, 3)
    save_file({"patches": made}, a.out / "marks.safetensors", metadata={"kind": "marks", "schema": "1"})
    differ, share = int((total > 0).sum()), 100 * total[chosen].sum() / weights.sum()
    print(f"{number} screens, {sum(counts.values())} marks, {len(common)} different, {differ} by more than a shade")
    print(f"{len(made)} codes stand for {share:.2f} % by roots of counts")


if __name__ == "__main__":
    main()
