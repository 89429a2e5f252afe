"""Speak: one to three words in the narrator's voice.

Nothing is held out but by chance: 24 words, 48 names and 1,110 rows of digits, each said in one way.
"""

from ..maker import Maker, assistant, user
from ..scene import COLOURS, SHAPES
from ..speech import DIGITS

WORDS = DIGITS + list(COLOURS) + SHAPES


def make(m: Maker) -> dict:
    kind = m.rng.choice(("word", "word", "digits", "name"))
    if kind == "word":
        words = m.rng.choice(WORDS)
    elif kind == "digits":
        words = " ".join(m.rng.choice(DIGITS) for _ in range(m.rng.randint(1, 3)))
    else:
        words = f"{m.rng.choice(list(COLOURS))} {m.rng.choice(SHAPES)}"
    return m.example("phrase", [user(m.typed(f"say {words}")), assistant(m.narrated(words))], words,
                     descriptions={"audio": [words]})
