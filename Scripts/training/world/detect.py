"""Finds coloured shapes in a picture without any model: connected regions, their mean colour, and the outline that they fit best."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy import ndimage

from .scene import COLOURS, SHAPES, Scene, Thing, render

LEAST_AREA = 25  # pixels


@dataclass(frozen=True)
class Found:
    colour: str
    shape: str
    place: int
    area: int


def mask(picture: Image.Image) -> np.ndarray:
    """True where a pixel is far from the picture's background, which is the median of its border and corners' colour."""
    a = np.asarray(picture.convert("RGB"), np.float32)
    border = np.concatenate((a[0], a[-1], a[:, 0], a[:, -1]))
    return np.abs(a - np.median(border, 0)).max(-1) > 40


def patch(region: np.ndarray) -> np.ndarray:
    """The region within its bounding box, brought to 24x24 with its proportions kept."""
    ys, xs = np.nonzero(region)
    box = region[ys.min():ys.max() + 1, xs.min():xs.max() + 1]
    side = max(box.shape)
    square = np.zeros((side, side), np.uint8)
    y, x = (side - box.shape[0]) // 2, (side - box.shape[1]) // 2
    square[y:y + box.shape[0], x:x + box.shape[1]] = box * 255
    return np.asarray(Image.fromarray(square).resize((24, 24), Image.Resampling.BILINEAR), np.float32) / 255


@lru_cache
def templates() -> dict[str, np.ndarray]:
    return {s: patch(mask(render(Scene((Thing("blue", s, "big", 4),))))) for s in SHAPES}


def detect(picture: Image.Image) -> list[Found]:
    """The things in a picture, the largest first."""
    a = np.asarray(picture.convert("RGB"), np.float32)
    labels, count = ndimage.label(mask(picture), np.ones((3, 3)))
    found = []
    for i in range(1, count + 1):
        region = labels == i
        area = int(region.sum())
        if area < LEAST_AREA:
            continue
        inner = ndimage.binary_erosion(region)
        colour = np.median(a[inner if inner.sum() >= 6 else region], 0)
        name = min(COLOURS, key=lambda c: float(np.square(colour - COLOURS[c]).sum()))
        ys, xs = np.nonzero(region)
        y, x = (ys.min() + ys.max() + 1) / 2, (xs.min() + xs.max() + 1) / 2
        place = min(2, int(y * 3 / picture.height)) * 3 + min(2, int(x * 3 / picture.width))
        seen = patch(region)
        shape = max(SHAPES, key=lambda s: float(np.minimum(seen, templates()[s]).sum() / np.maximum(seen, templates()[s]).sum()))
        found.append(Found(name, shape, place, area))
    return sorted(found, key=lambda f: -f.area)


def objects_right(picture: Image.Image, things: list[dict]) -> tuple[int, int]:
    """How many of the wanted things (colour, shape, place) a picture shows, and how many were wanted or drawn, whichever is more."""
    found = [(f.colour, f.shape, f.place) for f in detect(picture)]
    right = 0
    for t in things:
        want = (t["colour"], t["shape"], t["place"])
        if want in found:
            found.remove(want)
            right += 1
    return right, max(len(things), right + len(found))
