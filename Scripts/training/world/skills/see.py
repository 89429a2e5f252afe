"""See: colour, shape, size, place and number of the things in a picture; and the picture put into words."""

import random
from collections import Counter

from ..maker import Maker, assistant, user
from ..scene import COLOURS, PLACES, SHAPES, Scene, pairs
from ..speech import DIGITS

TASKS = ["colour", "shape", "where", "count", "size", "exists"]


def only(scene: Scene, attribute: str) -> list:
    """The things whose colour (or shape) no other thing of the scene has."""
    counts = Counter(getattr(t, attribute) for t in scene.things)
    return [t for t in scene.things if counts[getattr(t, attribute)] == 1]


def ask(scene: Scene, task: str, rng: random.Random, split: str) -> tuple[str, ...]:
    """A question of a task, its answer and, where there is something to find or to count first, the thought before
    it."""
    by_shape, by_colour = only(scene, "shape"), only(scene, "colour")
    if task == "colour":
        if not by_shape or rng.random() < 0.15:
            t = rng.choice(scene.things)
            return f"what colour is the shape at the {PLACES[t.place]}?", t.colour
        t = rng.choice(by_shape)
        return f"what colour is the {t.shape}?", t.colour
    if task == "shape":
        if not by_colour or rng.random() < 0.15:
            t = rng.choice(scene.things)
            return f"what shape is at the {PLACES[t.place]}?", t.shape
        t = rng.choice(by_colour)
        return f"what shape is the {t.colour} one?", t.shape
    if task == "where":
        if by_shape and rng.random() < 0.5:
            t = rng.choice(by_shape)
            return f"where is the {t.shape}?", PLACES[t.place], t.name
        t = rng.choice(scene.things)
        return f"where is the {t.name}?", PLACES[t.place]
    if task == "size":
        t = rng.choice(by_shape) if by_shape and rng.random() < 0.5 else None
        if t:
            return f"how big is the {t.shape}?", t.size, t.name
        t = rng.choice(scene.things)
        return f"how big is the {t.name}?", t.size
    if task == "exists":
        t = rng.choice(scene.things)
        if rng.random() < 0.5:
            return f"is there a {t.name}?", "yes"
        # Only of pairs that the split may show: training must not say of the others that there are none.
        same = rng.randrange(2)
        other = rng.choice([p for p in pairs(split) if p[same] == (t.colour, t.shape)[same]])
        found = any((u.colour, u.shape) == other for u in scene.things)
        return f"is there a {other[0]} {other[1]}?", "yes" if found else "no"
    if task == "count":
        kind = rng.random()
        if kind < 0.5:
            return "how many shapes?", DIGITS[len(scene.things)], scene.counted()
        if kind < 0.75:
            shape = rng.choice([rng.choice(scene.things).shape, rng.choice(SHAPES)])
            plural = shape + ("es" if shape == "cross" else "s")
            return f"how many {plural}?", DIGITS[sum(t.shape == shape
                                                     for t in scene.things)], scene.counted("shape", shape)
        colour = rng.choice([rng.choice(scene.things).colour, rng.choice(list(COLOURS))])
        return f"how many {colour} shapes?", DIGITS[sum(t.colour == colour
                                                        for t in scene.things)], scene.counted("colour", colour)
    raise ValueError(f"no task named {task}")


def make(m: Maker) -> dict:
    scene = m.scene(*((1, 5) if m.short else m.rng.choice(((1, 1), (2, 2), (2, 3), (3, 4), (4, 5)))))
    picture, descriptions = m.image(scene), {"image": [scene.description]}
    if m.short:
        task = TASKS[m.index % len(TASKS)]
        question, answer, *thought = ask(scene, task, m.rng, m.split)
        return m.example(task, [user(picture, {"text": question}), assistant(answer, thought="".join(thought))], answer,
                         descriptions=descriptions)
    # Several questions about one picture: its codes are read once and pay for all of them. The description comes last,
    # where no answer can be copied from it; in it a thing's shape and place follow its colour, which teaches to look
    # where a word points.
    tasks = m.rng.sample(["colour"] * 3 + ["shape"] * 3 + ["where"] * 2 + ["count", "size", "exists"], 5) + ["describe"]
    turns, asked = [], set()
    for task in tasks:
        question, answer, *thought = (
            ask(scene, task, m.rng, m.split) if task != "describe" else ("describe the picture.", scene.description)
        )
        if question in asked:
            continue
        asked.add(question)
        turns += [user(*([] if turns else [picture]), m.typed(question)), assistant(answer, thought="".join(thought))]
    return m.example("several", turns, turns[-1]["parts"][-1]["text"], descriptions=descriptions)
