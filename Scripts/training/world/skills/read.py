"""Read: printed words and random strings of two to eight characters."""

import string

from PIL import Image, ImageDraw

from ..fonts import font, names
from ..maker import Maker, assistant, user
from ..scene import COLOURS, SHAPES
from ..speech import DIGITS

WORDS = DIGITS + list(COLOURS) + SHAPES + ["hello", "open", "close", "left", "right", "up", "down", "stop", "go", "push", "pull", "yes", "no",
                                           "big", "small", "star", "house", "water", "light", "night", "day", "sun", "moon", "tree"]
WIDTH, HEIGHT = 128, 64


def printed(text: str, m: Maker) -> Image.Image:
    """The text in a random font, as large as fits or somewhat smaller, dark on light, drawn twice as large and averaged down."""
    level = m.rng.randint(215, 245)
    image = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), (level, level, level - m.rng.randint(0, 8)))
    draw, name = ImageDraw.Draw(image), m.rng.choice(names(m.split))
    size = m.rng.randint(40, 64)
    while size > 16 and draw.textlength(text, font(name, size)) > WIDTH * 2 - 16:
        size -= 2
    box = draw.textbbox((0, 0), text, font(name, size))
    x = m.rng.randint(4, max(4, WIDTH * 2 - (box[2] - box[0]) - 4)) - box[0]
    y = m.rng.randint(4, max(4, HEIGHT * 2 - (box[3] - box[1]) - 4)) - box[1]
    ink = m.rng.randint(10, 60)
    draw.text((x, y), text, fill=(ink, ink, ink + m.rng.randint(0, 20)), font=font(name, size))
    return image.reduce(2)


def make(m: Maker) -> dict:
    word = m.index % 2 == 0 if m.short else m.rng.random() < 0.4
    if word:
        text = m.rng.choice(WORDS)
    else:
        letters = m.rng.choice((string.ascii_lowercase, string.ascii_uppercase, string.digits, string.ascii_letters + string.digits))
        text = "".join(m.rng.choice(letters) for _ in range(m.rng.randint(2, 8)))
    turns = [user(m.image(printed(text, m)), m.typed("read the text.")), assistant(" ".join(text) if not word else text)]
    return m.example("word" if word else "string", turns, text, accept=[text, " ".join(text)], descriptions={"image": [text]})
