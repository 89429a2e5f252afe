"""Speak: a word in the narrator's voice."""

from ..maker import Maker, assistant, user
from ..scene import COLOURS, SHAPES
from ..speech import DIGITS

WORDS = DIGITS + list(COLOURS) + SHAPES


def make(m: Maker) -> dict:
    word = m.rng.choice(WORDS if m.rng.random() < 0.5 else DIGITS)
    return m.example("word", [user(m.typed(f"say {word}")), assistant(m.narrated(word))], word, descriptions={"audio": [word]})
