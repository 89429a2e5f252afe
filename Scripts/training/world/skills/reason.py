"""Reason: sums and differences of up to four digits, and chains of updates, worked out in a thought.

A thought goes as on paper: digit by digit from the ones, each step with its carry, so that every step looks at three
digits only.
"""

import random

from ..maker import Maker, assistant, user


def plus(a: int, b: int) -> str:
    """47 plus 85: "7+5+0=12 4+8+1=13", the answer's digits from the last step to the first."""
    steps, carry = [], 0
    for i in range(max(len(str(a)), len(str(b)))):
        x, y = a // 10 ** i % 10, b // 10 ** i % 10
        total = x + y + carry
        steps.append(f"{x}+{y}+{carry}={total // 10}{total % 10}")
        carry = total // 10
    return " ".join(steps)


def minus(a: int, b: int) -> str:
    """42 minus 17: "2-7-0=15 4-1-1=02", each step's first digit what it borrows."""
    steps, borrow = [], 0
    for i in range(len(str(a))):
        x, y = a // 10 ** i % 10, b // 10 ** i % 10
        left = x - y - borrow
        borrow = int(left < 0)
        steps.append(f"{x}-{y}-{int(steps[-1][6] if steps else 0)}={borrow}{left % 10}")
    return " ".join(steps)


def half(a: int) -> str:
    """54: "5/2=21 14/2=70", from the first digit on: what goes into it twice, and what is left over for the next."""
    steps, left = [], 0
    for digit in str(a):
        whole, left = divmod(left * 10 + int(digit), 2)
        steps.append(f"{digit}/2={whole}{left}" if not steps else f"{steps[-1][-1]}{digit}/2={whole}{left}")
    return " ".join(steps)


def chain(rng: random.Random) -> tuple[str, str, int]:
    """Updates of one number in words; the thought, each update worked out digit by digit; the last value."""
    value = rng.randint(1, 20)
    told, values = [f"a is {value}"], []
    for _ in range(rng.randint(2, 4)):
        kinds = ["add", "take"] + (["double"] if value < 50 else []) + (["halve"] if value % 2 == 0 else [])
        kind, n = rng.choice(kinds), rng.randint(1, 9)
        if kind == "add":
            told.append(f"add {n}")
            work, value = plus(value, n), value + n
        elif kind == "take":
            n = min(n, value)
            told.append(f"take away {n}")
            work, value = minus(value, n), value - n
        else:
            told.append(f"{kind} it")
            work, value = (plus(value, value), value * 2) if kind == "double" else (half(value), value // 2)
        values.append(f"{told[-1]}: {work} = {value}")
    return "; ".join(told), "; ".join(values), value


def number(rng: random.Random) -> int:
    digits = rng.choice((1, 2, 2, 3, 3, 4, 4))
    return rng.randint(0 if digits == 1 else 10 ** (digits - 1), 10 ** digits - 1)


def make(m: Maker) -> dict:
    kind = m.index % 3 if m.short else m.rng.choice((0, 1, 2, 2))
    if kind == 2:
        told, thought, result = chain(m.rng)
        task, question = "chain", f"{told}. what is a?"
    else:
        a, b = number(m.rng), number(m.rng)
        a, b = (a, b) if kind == 0 else (max(a, b), min(a, b))
        task, thought, result = ("plus", plus(a, b), a + b) if kind == 0 else ("minus", minus(a, b), a - b)
        question = f"what is {a} {task} {b}?"
    # One in six without its thought, so that an answer at once is something the model has learned too.
    thinks = m.short or m.rng.random() >= 1 / 6
    turns = [user(m.typed(question)), assistant(*([{"thought": thought}] if thinks else []), {"text": str(result)})]
    return m.example(task, turns, str(result))
