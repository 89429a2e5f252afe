"""Clips: things that move and bounce, frame by frame, and the moments at which they do."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from . import speech
from .scene import COLOURS, SIDE, SUPERSAMPLING, outline

RADIUS = 8
FRAMES_PER_SECOND = 4


@dataclass
class Mover:
    colour: str
    shape: str
    x: int
    y: int
    dx: int  # pixels a frame; whole ones, so that two frames tell a motion to the end
    dy: int
    radius: int = RADIUS

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}"

    def step(self) -> list[str]:
        """Moves by one frame; the walls that it has run into, where it now stands touching them and turned round."""
        walls = []
        self.x, self.y = self.x + self.dx, self.y + self.dy
        low, high = self.radius, SIDE - self.radius
        if self.x <= low or self.x >= high:
            walls.append("left" if self.x <= low else "right")
            self.x, self.dx = min(max(self.x, low), high), -self.dx
        if self.y <= low or self.y >= high:
            walls.append("top" if self.y <= low else "bottom")
            self.y, self.dy = min(max(self.y, low), high), -self.dy
        return walls


def frame(movers: list[Mover], background: tuple[int, int, int]) -> Image.Image:
    k = SUPERSAMPLING
    image = Image.new("RGB", (SIDE * k, SIDE * k), background)
    draw = ImageDraw.Draw(image)
    for t in movers:
        x, y, r = t.x * k, t.y * k, t.radius * k
        if t.shape in ("circle", "ring"):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=COLOURS[t.colour])
            if t.shape == "ring":
                draw.ellipse((x - r / 2, y - r / 2, x + r / 2, y + r / 2), fill=background)
        else:
            draw.polygon(outline(t.shape, x, y, r), fill=COLOURS[t.colour])
    return image.reduce(k)


def ordered(movers: list[Mover]) -> list[Mover]:
    """By name: an order that every frame shows, wherever the things have gone."""
    return sorted(movers, key=lambda t: t.name)


def tell(movers: list[Mover]) -> str:
    """All that a frame shows, in words: what moves, and where it is: two digits across, two down (`spot`)."""
    return "; ".join(f"a {t.name} at {t.x:02o} {t.y:02o}" for t in ordered(movers))


def spot(t: Mover) -> str:
    """Where a thing is, for thoughts: across and down, in base 8, so that the first digit is the patch and the second
    the pixel in it."""
    return f"{t.x:02o}{t.y:02o}"


def write_clip(folder: Path, frames: list[Image.Image], sound: np.ndarray | None) -> None:
    """A clip as a directory: frames in the order of their names, `video.json`, and `audio.wav` where there is sound."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(frames):
        picture.save(folder / f"{i:03d}.png", compress_level=1)
    (folder / "video.json").write_text(json.dumps({"frames_per_second": FRAMES_PER_SECOND}) + "\n")
    if sound is not None:
        speech.write_wave(folder / "audio.wav", sound)
