"""Handwriting: the digits set inside scikit-learn, its last fifth held out.

Held out are 360 pictures, at one size and place, in turn: every held-out set has the same, whatever its seed, and more
than 360 examples have some twice.
"""

from functools import lru_cache

import numpy as np
from PIL import Image

from ..maker import Maker, assistant, user


@lru_cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits
    found = load_digits()
    return found.images, found.target


def make(m: Maker) -> dict:
    images, targets = digits()
    edge = len(images) * 4 // 5
    i = m.rng.randrange(edge) if m.split == "train" else edge + m.index % (len(images) - edge)
    small = Image.fromarray((255 - np.clip(images[i] * 16, 0, 255)).astype(np.uint8))
    picture = Image.new("RGB", (64, 64), (255, 255, 255))
    side = m.rng.randint(48, 60) if m.split == "train" else 56
    if m.split == "train":  # the few hands of the training part, also leaning, narrow and turned
        lean, wide, turn = m.rng.uniform(-0.2, 0.2), m.rng.uniform(0.85, 1.2), m.rng.uniform(-12, 12)
        small = small.resize((64,
                              64), Image.Resampling.BICUBIC).rotate(turn, fillcolor=255,
                                                                    resample=Image.Resampling.BICUBIC)
        small = small.transform((64, 64), Image.Transform.AFFINE, (wide, lean, 32 - 32 * (wide + lean), 0, 1, 0),
                                fillcolor=255, resample=Image.Resampling.BICUBIC)
    at = (m.rng.randint(0, 64 - side), m.rng.randint(0, 64 - side)) if m.split == "train" else (4, 4)
    picture.paste(small.resize((side, side), Image.Resampling.BICUBIC).convert("RGB"), at)
    answer = str(int(targets[i]))
    return m.example("digit", [user(m.image(picture), m.typed("which digit is written?")), assistant(answer)], answer,
                     descriptions={"image": [f"the handwritten digit {answer}"]})
