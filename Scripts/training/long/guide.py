"""Where heads of spud-long shall look, while it learns (../nano/looks.py)."""

import numpy as np
from nano.looks import Query, pick

# Layer and head of each look. Heads 0 and 1 share their keys, as do 2 and 3.
PLACES = {"one": (0, 0), "two": (0, 2), "key": (1, 0), "fact": (2, 0), "asked": (2, 2)}


def looks(rng: np.random.Generator, ids: np.ndarray, begins: np.ndarray, keys: dict[tuple[int, int], int],
          said: np.ndarray) -> dict[str, list[Query]]:
    """Queries and where they look, of one stream.

    ids, begins (where a sentence begins), said (of an answer): [L]. keys: each key's two ids, and how many its medium
    has, 0 for a code.
    """
    found: dict[str, list[Query]] = {name: [] for name in PLACES}
    fresh = np.maximum.accumulate(np.where(begins, np.arange(len(ids)), 0))
    for back, name in ((1, "one"), (2, "two")):
        rows = np.flatnonzero(np.arange(len(ids)) - back >= fresh)
        found[name] = [(r, 0, r - back, r - back + 1) for r in rows.tolist()]
    at: dict[tuple[int, int], list[int]] = {}
    for i, pair in enumerate(zip(ids[:-1].tolist(), ids[1:].tolist())):
        if pair in keys:
            at.setdefault(pair, []).append(i + 1)
    for pair, places in at.items():
        fact, span = places[0], keys[pair]
        length = span + 2 if span else 6
        found["key"] += [(r, 0, fact, fact + 1) for r in range(fact, min(fact + length, len(ids)))]
        for question, answer in zip(places[1::2], places[2::2]):
            end = answer + 1
            while end < len(ids) and said[end]:
                end += 1
            found["key"] += [(r, 0, answer, answer + 1) for r in range(answer, end)]
            found["asked"] += [(answer - 2, 0, question - 1, question), (answer - 1, 0, question, question + 1)]
            for j in range(2, end - answer - 1):  # what follows the key and a word that is always alike
                low = fact + 2 if span else fact + j
                found["fact"].append((answer + j - 1, 0, low, low + (span or 1)))
    return {name: pick(rng, some) for name, some in found.items()}
