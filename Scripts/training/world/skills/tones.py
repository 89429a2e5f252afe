"""Tones: which of two is higher, how many beeps, rising or falling."""

import numpy as np

from .. import speech
from ..maker import Maker, assistant, user


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * speech.RATE), np.float32)


def make(m: Maker) -> dict:
    r = m.rng
    kind = m.index % 3 if m.short else r.randrange(3)
    base = r.uniform(220,
                     1400) if m.split == "train" else r.choice((262, 330, 392, 523, 659, 784, 988,
                                                                1175)) * r.uniform(0.98, 1.02)
    if kind == 0:
        other = base * 2 ** (r.choice((-1, 1)) * r.uniform(4, 12) / 12)
        length = r.uniform(0.25, 0.45)
        sound = np.concatenate([speech.tone(base, length), silence(r.uniform(0.1, 0.25)), speech.tone(other, length)])
        task, question, answer = "higher", "which tone is higher?", "first" if base > other else "second"
        told = f"two tones, the {answer} higher"
    elif kind == 1:
        count, length, gap = r.randint(1, 6), r.uniform(0.08, 0.16), r.uniform(0.1, 0.2)
        sound = np.concatenate([np.concatenate([speech.tone(base, length), silence(gap)]) for _ in range(count)])
        task, question, answer = "beeps", "how many beeps?", speech.DIGITS[count]
        told = f"{answer} beep" + ("s" if count > 1 else "")
    else:
        rising = r.random() < 0.5
        sound = speech.tone(base, r.uniform(0.5, 1.2), base * 2 ** ((1 if rising else -1) * r.uniform(5, 14) / 12))
        task, question, answer = "glide", "is the tone rising or falling?", "rising" if rising else "falling"
        told = f"a {answer} tone"
    sound = sound * r.uniform(0.3, 1.0)
    turns = [user(m.audio(sound), m.typed(question)), assistant(answer)]
    if not m.short:
        turns += [user({"text": "describe the sound."}), assistant(told)]
    return m.example(task, turns, turns[-1]["parts"][-1]["text"], descriptions={"audio": [told]})
