"""Hear: what is said in a recording: digits, and short phrases of the world.

Voices and speeds are held out, words are not: phrases name every pair of colour and shape, also those that training
never shows.
"""

import random

from ..maker import Maker, assistant, user
from ..scene import COLOURS, PLACES, SHAPES
from ..speech import DIGITS

PROMPTS = ["what is said?", "describe the sound.", "what is said?", "describe the sound.", "transcribe the recording.",
           "what do you hear?", "write down what is said."]
COMMANDS = ["go", "stop", "open", "close", "start", "turn left", "turn right", "go up", "go down", "push", "pull",
            "yes", "no", "hello",
            "play", "pause", "louder", "faster", "slower", "next", "last", "go back", "move forward",
            "move it to the right", "help",
            "move it to the left", "wait for me", "close the door", "open the window", "read the next word"]


def phrase(rng: random.Random) -> str:
    """A phrase of one to six words: a question, a name, a command. Some seventy words in all."""
    colour, shape = rng.choice(list(COLOURS)), rng.choice(SHAPES)
    return rng.choice([
        f"what colour is the {shape}", f"what shape is the {colour} one", f"where is the {shape}", "how many shapes",
        rng.choice(COMMANDS), rng.choice(COMMANDS), rng.choice(COMMANDS),
        f"draw a {colour} {shape}", f"{colour} {shape}", colour, shape, rng.choice(PLACES),
        f"the {rng.choice(['big', 'small'])} {shape}",
    ])


def make(m: Maker) -> dict:
    digits = m.index % 2 == 0 if m.short else m.rng.random() < 0.55
    if digits:
        words = " ".join(m.rng.choice(DIGITS) for _ in range(m.rng.choice((1, 1, 2, 3))))
    else:
        words = phrase(m.rng)
    prompt = PROMPTS[0] if m.short else m.rng.choice(PROMPTS)
    turns = [user(m.spoken(words), m.typed(prompt)), assistant(words)]
    return m.example("digits" if digits else "phrase", turns, words, descriptions={"audio": [words]})
