"""Reason: sums and differences, worked out in a thought."""

from ..maker import Maker, assistant, user


def make(m: Maker) -> dict:
    if m.rng.random() < 0.5:
        a, b = m.rng.randint(0, 9), m.rng.randint(0, 9)
    else:
        a, b = m.rng.randint(10, 99), m.rng.randint(1, 99)
    if m.rng.random() < 0.5:
        sign, word, result = "+", "plus", a + b
    else:
        a, b = max(a, b), min(a, b)
        sign, word, result = "-", "minus", a - b
    tens, ones = (a // 10, b // 10), (a % 10, b % 10)
    if sign == "+":
        thought = f"{ones[0]}+{ones[1]}={sum(ones)} {tens[0] * 10}+{tens[1] * 10}={sum(tens) * 10}"
    else:
        thought = f"{a}-{b // 10 * 10}={a - b // 10 * 10} -{ones[1]}={result}"
    turns = [user(m.typed(f"what is {a} {word} {b}?")), assistant({"thought": thought}, {"text": str(result)})]
    return m.example("plus" if sign == "+" else "minus", turns, str(result))
