"""Fonts that Debian's fonts-dejavu, fonts-freefont-ttf and fonts-liberation install, some of them for held-out examples
only; and those of fonts.txt, for training."""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

FONTS = Path("/usr/share/fonts")
ROOT = FONTS / "truetype"
TRAIN = ["dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf", "dejavu/DejaVuSerif.ttf", "dejavu/DejaVuSansMono.ttf",
         "freefont/FreeSans.ttf", "freefont/FreeSerif.ttf", "freefont/FreeMonoBold.ttf",
         "liberation/LiberationSans-Regular.ttf",
         "liberation/LiberationSerif-Regular.ttf", "liberation/LiberationMono-Regular.ttf",
         "liberation/LiberationSans-Bold.ttf",
         "dejavu/DejaVuSansMono-Bold.ttf", "dejavu/DejaVuSansCondensed-Bold.ttf", "dejavu/DejaVuSerifCondensed.ttf",
         "freefont/FreeSerifBold.ttf", "liberation/LiberationSansNarrow-Regular.ttf",
         "liberation/LiberationSansNarrow-Bold.ttf"]
HELD_OUT = ["dejavu/DejaVuSerif-Bold.ttf", "freefont/FreeSansBold.ttf", "liberation/LiberationSerif-Bold.ttf",
            "liberation/LiberationMono-Bold.ttf"]


@lru_cache(maxsize=4096)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(ROOT / name), size)


@lru_cache
def names(split: str) -> list[str]:
    """The fonts of a split that this machine has; in training, those of the held-out fonts' own families more often
    than others."""
    found = [n for n in (TRAIN if split == "train" else HELD_OUT) if (ROOT / n).exists()]
    if not found:
        raise SystemExit(f"no font of {ROOT}/{{dejavu,freefont,liberation}} is installed")
    if split != "train":
        return found
    listed = [line.split(maxsplit=1)[1] for line in Path(__file__).with_suffix(".txt").read_text().splitlines()
              if line[0] != "#"]
    return found * 5 + [str(FONTS / n) for n in listed if (FONTS / n).exists()]
