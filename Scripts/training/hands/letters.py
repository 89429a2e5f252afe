#!/usr/bin/env python3
"""Which letter a code of a mark shows, where it shows one: by the words of demonstrations whose marks are as many as
their letters.

    letters.py --demonstrations DIR --model MODEL

MODEL/letters.json has code and letter. Training begins such a code's embedding near the letter's, so that a word on the
screen is like the same word in the task from the first step on; what it then makes of them is its own.
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
from codes import Codebook  # noqa: E402
from PIL import Image  # noqa: E402


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--demonstrations", type=Path, required=True)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--each", type=int, default=25, help="episodes of a file")
    a = p.parse_args()
    codebook, votes = Codebook.load(a.model), collections.defaultdict(collections.Counter)
    for path in sorted(a.demonstrations.glob("*.jsonl")):
        blob = path.with_suffix(".bin").read_bytes()
        for line in path.read_text().splitlines()[: a.each]:
            step = json.loads(line)["steps"][0]
            first, length = step["screen"]
            pixels = np.asarray(Image.open(io.BytesIO(blob[first : first + length])).convert("RGB"))
            groups = screen.read(pixels)
            for word, left, top, right, bottom in step["words"]:
                inside = [
                    m
                    for g in groups
                    for m in g.marks
                    if left - 1 <= (m.left + m.right) / 2 <= right + 1 and top <= (m.top + m.bottom) / 2 <= bottom
                ]
                if len(inside) == len(word):
                    for mark, letter in zip(sorted(inside, key=lambda m: m.left), word):
                        votes[codebook.code(screen.patch(pixels, mark))][letter] += 1
    found = {code: count.most_common(1)[0] + (sum(count.values()),) for code, count in votes.items()}
    letters = {str(code): letter for code, (letter, n, total) in sorted(found.items()) if n >= 2 and n >= 0.7 * total}
    (a.model / "letters.json").write_text(json.dumps(letters) + "\n")
    print(f"{len(letters)} of {len(codebook.patches)} codes show a letter, {len(set(letters.values()))} letters in all")


if __name__ == "__main__":
    main()
