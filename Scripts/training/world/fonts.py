"""Fonts that Debian's fonts-dejavu, fonts-freefont-ttf and fonts-liberation install; some are for held-out examples only."""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

ROOT = Path("/usr/share/fonts/truetype")
TRAIN = ["dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf", "dejavu/DejaVuSerif.ttf", "dejavu/DejaVuSansMono.ttf",
         "freefont/FreeSans.ttf", "freefont/FreeSerif.ttf", "freefont/FreeMonoBold.ttf", "liberation/LiberationSans-Regular.ttf",
         "liberation/LiberationSerif-Regular.ttf", "liberation/LiberationMono-Regular.ttf", "liberation/LiberationSans-Bold.ttf",
         "dejavu/DejaVuSansMono-Bold.ttf", "dejavu/DejaVuSansCondensed-Bold.ttf", "dejavu/DejaVuSerifCondensed.ttf",
         "freefont/FreeSerifBold.ttf", "liberation/LiberationSansNarrow-Regular.ttf", "liberation/LiberationSansNarrow-Bold.ttf"]
HELD_OUT = ["dejavu/DejaVuSerif-Bold.ttf", "freefont/FreeSansBold.ttf", "liberation/LiberationSerif-Bold.ttf",
            "liberation/LiberationMono-Bold.ttf"]


@lru_cache(maxsize=256)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(ROOT / name), size)


def names(split: str) -> list[str]:
    """The fonts of a split that this machine has."""
    found = [n for n in (TRAIN if split == "train" else HELD_OUT) if (ROOT / n).exists()]
    if not found:
        raise SystemExit(f"no font of {ROOT}/{{dejavu,freefont,liberation}} is installed")
    return found
