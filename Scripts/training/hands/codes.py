#!/usr/bin/env python3
"""The codebook of marks: the commonest patches as they are, and middles of the rest.

    codes.py --screens DIR/*.png --demonstrations DIR/*.jsonl --codes 4096 --out MODEL

MODEL/marks.safetensors has `patches`, bytes [codes, SIDE, SIDE, 3]. A mark's code is the patch whose squared distance is least, the first of
equals: whole numbers, the same on every machine.
"""

import argparse
import collections
import io
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402
from sklearn.cluster import MiniBatchKMeans  # noqa: E402

import screen  # noqa: E402


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


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--screens", type=Path, nargs="*", default=[])
    p.add_argument("--demonstrations", type=Path, nargs="*", default=[])
    p.add_argument("--each", type=int, default=40, help="episodes of a file of demonstrations")
    p.add_argument("--codes", type=int, default=4096)
    p.add_argument("--exact", type=float, default=0.8, help="share of the codes that are patches as they are")
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    counts: collections.Counter[bytes] = collections.Counter()
    number = 0
    for pixels in screens(a.screens, a.demonstrations, a.each):
        number += 1
        counts.update(screen.patch(pixels, m).tobytes() for g in screen.read(pixels) for m in g.marks)
    common = counts.most_common()
    kept = min(len(common), int(a.codes * a.exact)) if len(common) > a.codes else len(common)
    rest = [np.frombuffer(b, np.uint8) for b, _ in common[kept:]]
    random.Random(1).shuffle(rest)
    centres = np.zeros((0, common and len(common[0][0])), np.uint8)
    if rest:
        fitted = MiniBatchKMeans(a.codes - kept, n_init=1, max_iter=30, batch_size=4096, random_state=1).fit(
            np.stack(rest[:60_000]).astype(np.float32)
        )
        centres = np.clip(np.rint(fitted.cluster_centers_), 0, 255).astype(np.uint8)
    made = np.concatenate((np.stack([np.frombuffer(b, np.uint8) for b, _ in common[:kept]]), centres))
    a.out.mkdir(parents=True, exist_ok=True)
    side = screen.SIDE
    save_file(
        {"patches": made.reshape(-1, side, side, 3)},
        a.out / "marks.safetensors",
        metadata={"kind": "marks", "schema": "1"},
    )
    total = sum(counts.values())
    print(
        f"{number} screens, {total} marks, {len(common)} different; {len(made)} codes, of which {kept} are patches as they are: "
        f"{100 * sum(c for _, c in common[:kept]) / total:.2f} % of the marks"
    )


if __name__ == "__main__":
    main()
