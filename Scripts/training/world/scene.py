"""Scenes of coloured shapes on a 3x3 grid: what stands in them, how they are drawn, and how they are put into words."""

import math
import random
import re
from dataclasses import dataclass

from PIL import Image, ImageDraw

COLOURS = {
    "red": (220, 30, 35), "orange": (240, 135, 20), "yellow": (240, 220, 40), "green": (35, 160, 60),
    "cyan": (50, 200, 215), "blue": (35, 70, 215), "purple": (130, 45, 170), "pink": (245, 130, 185),
}
SHAPES = ["circle", "square", "triangle", "star", "cross", "ring"]
PLACES = ["top left", "top", "top right", "left", "middle", "right", "bottom left", "bottom", "bottom right"]
SIZES = {"small": 6.8, "big": 10.0}  # radius in pixels of a 64-pixel picture
# Colour-shape pairs that no training picture, clip or drawing shows. Recordings and what they say name them (hear.py,
# speak.py).
HELD_OUT_PAIRS = {("red", "star"), ("blue", "cross"), ("green", "ring"), ("purple", "triangle"), ("orange", "square"),
                  ("pink", "circle")}
# "top left" before "top"
WORDS = ["|".join(sorted(words, key=len, reverse=True)) for words in (SIZES, COLOURS, SHAPES, PLACES)]
THING = re.compile("a ({}) ({}) ({}) at the ({})".format(*WORDS))
SIDE = 64
SUPERSAMPLING = 4
CANVAS = (232, 230, 225)  # the background of drawings, which have one right answer


@dataclass(frozen=True)
class Thing:
    """One shape in a scene."""

    colour: str
    shape: str
    size: str
    place: int  # index into PLACES
    dx: float = 0.0
    dy: float = 0.0
    scale: float = 1.0
    tint: tuple[int, int, int] = (0, 0, 0)

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}"

    @property
    def phrase(self) -> str:
        return f"{self.size} {self.name} at the {PLACES[self.place]}"


@dataclass(frozen=True)
class Scene:
    things: tuple[Thing, ...]
    background: tuple[int, int, int] = CANVAS

    @property
    def description(self) -> str:
        """Every thing, in reading order of the grid."""
        return "; ".join("a " + t.phrase for t in self.ordered)

    @classmethod
    def told(cls, description: str) -> "Scene":
        """The scene of a description, as far as words tell it."""
        return cls(tuple(Thing(colour, shape, size, PLACES.index(place)) for size, colour, shape,
                         place in THING.findall(description)))

    @property
    def ordered(self) -> list[Thing]:
        """The things in reading order of the grid."""
        return sorted(self.things, key=lambda t: t.place)

    @property
    def names(self) -> str:
        """Every thing by colour and shape."""
        return ", ".join(t.name for t in self.ordered)

    def counted(self, attribute: str = "", value: str = "") -> str:
        """The thought that counts: the things meant, in reading order, each by what the question leaves open."""
        meant = [t for t in self.ordered if not attribute or getattr(t, attribute) == value]
        return ", ".join(t.shape if attribute == "colour" else t.colour for t in meant) or "none"


def outline(shape: str, x: float, y: float, r: float) -> list[tuple[float, float]]:
    """The polygon of a shape about (x, y) with radius r."""
    if shape == "square":
        a = r * 0.88
        return [(x - a, y - a), (x + a, y - a), (x + a, y + a), (x - a, y + a)]
    if shape == "triangle":
        return [(x, y - r), (x + r, y + r * 0.85), (x - r, y + r * 0.85)]
    if shape == "cross":
        a = r * 0.34
        return [(x - a, y - r), (x + a, y - r), (x + a, y - a), (x + r, y - a), (x + r, y + a), (x + a, y + a),
                (x + a, y + r), (x - a, y + r), (x - a, y + a), (x - r, y + a), (x - r, y - a), (x - a, y - a)]
    if shape == "star":
        points = []
        for i in range(10):
            radius = r * (1.12 if i % 2 == 0 else 0.47)
            angle = -math.pi / 2 + i * math.pi / 5
            points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
        return points
    raise ValueError(f"no outline for {shape}")


def render(scene: Scene) -> Image.Image:
    """The scene as a 64x64 picture, drawn four times as large and averaged down."""
    k = SUPERSAMPLING
    image = Image.new("RGB", (SIDE * k, SIDE * k), scene.background)
    draw = ImageDraw.Draw(image)
    cell = SIDE / 3
    for t in scene.things:
        x = ((t.place % 3 + 0.5) * cell + t.dx) * k
        y = ((t.place // 3 + 0.5) * cell + t.dy) * k
        r = SIZES[t.size] * t.scale * k
        fill = tuple(min(255, max(0, c + d)) for c, d in zip(COLOURS[t.colour], t.tint))
        if t.shape in ("circle", "ring"):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)
            if t.shape == "ring":
                h = r * 0.52
                draw.ellipse((x - h, y - h, x + h, y + h), fill=scene.background)
        else:
            draw.polygon(outline(t.shape, x, y, r), fill=fill)
    return image.reduce(k)


def pairs(split: str) -> list[tuple[str, str]]:
    """Colour-shape pairs that a split may show: training never sees the held-out ones."""
    every = [(c, s) for c in COLOURS for s in SHAPES]
    return every if split == "held-out" else [p for p in every if p not in HELD_OUT_PAIRS]


def paper(rng: random.Random) -> tuple[int, int, int]:
    """A light grey to draw on."""
    level = rng.choice((212, 226, 240)) + rng.randint(-2, 2)
    return (level, level, level)


def random_scene(rng: random.Random, split: str, least: int = 1, most: int = 3, jitter: bool = True) -> Scene:
    """Distinct things in distinct cells, on a plain light background."""
    count = rng.randint(least, most)
    chosen = rng.sample(pairs(split), count)
    things = []
    for (colour, shape), place in zip(chosen, rng.sample(range(9), count)):
        size = rng.choice(list(SIZES))
        if jitter:
            # By whole pixels: what a codebook spends on fractions of them, it lacks for shapes.
            slack = 2 if size == "small" else 1
            things.append(Thing(colour, shape, size, place, rng.randint(-slack, slack), rng.randint(-slack, slack),
                                1.0, tuple(rng.randint(-6, 6) for _ in range(3))))
        else:
            things.append(Thing(colour, shape, size, place))
    return Scene(tuple(things), paper(rng) if jitter else CANVAS)
