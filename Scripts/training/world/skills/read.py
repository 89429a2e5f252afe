"""Read: printed words and random strings of two to eight characters.

The thought before the answer goes along the picture's columns of patches, one letter a column: the capital of the
letter that has its middle there, or a full stop. So each step looks as far back in the stream as the step before it
did, whatever the widths of letters.
"""

import string

from PIL import Image, ImageDraw

from ..fonts import font, names
from ..maker import Maker, assistant, user
from ..scene import COLOURS, SHAPES, paper
from ..speech import DIGITS

WORDS = DIGITS + list(COLOURS) + SHAPES + ["hello", "open", "close", "left", "right", "up", "down", "stop", "go",
                                           "push", "pull", "yes", "no",
                                           "big", "small", "star", "house", "water", "light", "night", "day", "sun",
                                           "moon", "tree"]
WIDTH, HEIGHT = 128, 64
LENGTHS = (1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8)  # of training's strings: long ones hold more letters for their codes
ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.ascii_uppercase + string.digits)
# training has more of these: small letters are misread most
HARDER = (string.ascii_lowercase, string.ascii_lowercase, string.ascii_uppercase, ALPHABETS[3])
PATCH = 8


def printed(text: str, m: Maker) -> tuple[Image.Image, str]:
    """The text in a random font, as large as fits or somewhat smaller, dark on light, drawn twice as large and averaged
    down; its columns.

    Fonts are few, so in training half of the texts are made bolder, slanted, narrower or wider than their font is.
    """
    image = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), paper(m.rng))
    draw, name = ImageDraw.Draw(image), m.rng.choice(names(m.split))
    size = m.rng.choice((44, 52, 60))
    while size > 16 and draw.textlength(text, font(name, size)) > WIDTH * 2 - 16:
        size -= 2
    box = draw.textbbox((0, 0), text, font(name, size))
    x = 2 * m.rng.randint(3, 7) - box[0]
    y = HEIGHT - (box[3] + box[1]) // 2 + 2 * m.rng.randint(-2, 2)
    bolder, slant, stretch = varied(m, x + draw.textlength(text,
                                                           font(name, size))) if m.split == "train" else (0, 0.0, 1.0)
    background = image.getpixel((0, 0))
    draw.text((x, y), text, fill=(25, 25, 30), font=font(name, size), stroke_width=bolder)
    if (slant, stretch) != (0.0, 1.0):
        image = image.transform(image.size, Image.Transform.AFFINE,
                                (1 / stretch, slant / stretch, -slant / stretch * HEIGHT, 0, 1, 0),
                                Image.Resampling.BICUBIC, fillcolor=background)
    columns = ["."] * (WIDTH // PATCH)
    for i, letter in enumerate(text):
        middle = stretch * (x
                            + (draw.textlength(text[:i], font(name, size))
                               + draw.textlength(text[:i + 1], font(name, size))) / 2)
        # Narrow letters that share a column move on to the next free one.
        at = next(c for c in range(min(len(columns) - 1, int(middle / 2 / PATCH)), len(columns)) if columns[c] == ".")
        columns[at] = letter.upper()
    return image.reduce(2), "".join(columns)


def varied(m: Maker, right: float) -> tuple[int, float, float]:
    """What is done to a font, or nothing: pixels of stroke, slant and stretch, of a text that ends so many pixels from
    the left."""
    if m.rng.random() < 0.5:
        return 0, 0.0, 1.0
    return (
        m.rng.choice((0, 0, 1)),
        m.rng.choice((0.0, 0.0, m.rng.uniform(-0.1, 0.25))),
        min(m.rng.uniform(0.8, 1.2), (2 * WIDTH - 10) / right),
    )


def make(m: Maker) -> dict:
    word = m.index % 2 == 0 if m.short else m.rng.random() < 0.3
    if word:
        text = m.rng.choice(WORDS)
    else:
        letters = m.rng.choice(ALPHABETS if m.short else ALPHABETS + HARDER)
        text = "".join(m.rng.choice(letters) for _ in range(m.rng.randint(2, 8) if m.short else m.rng.choice(LENGTHS)))
    words = text if word else " ".join(text)  # strings are spelled: their letters make no pieces of their own
    picture, columns = printed(text, m)
    turns = [user(m.image(picture), m.typed("read the text.")), assistant(words, thought=columns)]
    return m.example("word" if word else "string", turns, text, accept=[text, " ".join(text)],
                     descriptions={"image": [f"the text {words}"]})
