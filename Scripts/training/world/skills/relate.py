"""Count and relate: scenes of up to five things, and what stands next to what.

Each answer has a thought before it, which takes one look at a time: where the thing is, then cell by cell what is
beside it; or what is counted, thing by thing. The steps are the same whether the scene is seen or told in words.
"""

from ..maker import Maker, assistant, user
from ..scene import COLOURS, PLACES, SHAPES, Scene, Thing
from ..speech import DIGITS

SIDES = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}


def cells(place: int, side: str) -> list[int]:
    """The places in the same row (or column) of the grid on that side, the nearest first."""
    dx, dy = SIDES[side]
    x, y, found = place % 3 + dx, place // 3 + dy, []
    while 0 <= x < 3 and 0 <= y < 3:
        found.append(y * 3 + x)
        x, y = x + dx, y + dy
    return found


def beside(scene: Scene, thing: Thing, side: str) -> Thing | None:
    """The nearest thing in the same row (or column) of the grid on that side."""
    at = {t.place: t for t in scene.things}
    return next((at[p] for p in cells(thing.place, side) if p in at), None)


def walk(scene: Scene, thing: Thing, side: str) -> str:
    """The thought that finds what is beside a thing: "at the middle; left: nothing"."""
    at, thought = {t.place: t for t in scene.things}, f"at the {PLACES[thing.place]}"
    for place in cells(thing.place, side):
        thought += f"; {PLACES[place]}: {at[place].name if place in at else 'nothing'}"
        if place in at:
            break
    return thought


def question(scene: Scene, m: Maker, kind: int) -> tuple[str, str, str, str]:
    """Task, question, thought, answer."""
    if kind == 0:
        thing, side = m.rng.choice(scene.things), m.rng.choice(list(SIDES))
        found = beside(scene, thing, side)
        if not found and m.rng.random() < 0.7:  # most questions have something to find
            options = [(t, s) for t in scene.things for s in SIDES if beside(scene, t, s)]
            if options:
                thing, side = m.rng.choice(options)
                found = beside(scene, thing, side)
        return "beside", f"what is {side} the {thing.name}?", walk(scene, thing,
                                                                   side), found.name if found else "nothing"
    if kind == 1:
        a, b = m.rng.sample(scene.things, 2)
        side = m.rng.choice(list(SIDES))
        dx, dy = SIDES[side]
        delta = (a.place % 3 - b.place % 3) * dx + (a.place // 3 - b.place // 3) * dy
        thought = f"{a.name} at the {PLACES[a.place]}; {b.name} at the {PLACES[b.place]}"
        return "relation", f"is the {a.name} {side} the {b.name}?", thought, "yes" if delta > 0 else "no"
    if kind == 2:
        return "count", "how many shapes?", scene.counted(), DIGITS[len(scene.things)]
    if kind == 3:
        colour = m.rng.choice([m.rng.choice(scene.things).colour, m.rng.choice(list(COLOURS))])
        number = DIGITS[sum(t.colour == colour for t in scene.things)]
        return "count colour", f"how many {colour} shapes?", scene.counted("colour", colour), number
    shape = m.rng.choice([m.rng.choice(scene.things).shape, m.rng.choice(SHAPES)])
    plural = shape + ("es" if shape == "cross" else "s")
    return (
        "count shape",
        f"how many {plural}?",
        scene.counted("shape", shape),
        DIGITS[sum(t.shape == shape for t in scene.things)],
    )


def make(m: Maker) -> dict:
    scene = m.scene(2, 5)
    picture, descriptions = m.image(scene), {"image": [scene.description]}
    kinds = [m.index % 5] if m.short else m.rng.sample([0, 0, 0, 1, 1, 2, 3, 4], 4)
    turns, asked, task, answer = [], set(), "", ""
    for kind in kinds:
        task, words, thought, answer = question(scene, m, kind)
        if words in asked:
            continue
        asked.add(words)
        turns += [user(*([] if turns else [picture]), m.typed(words)), assistant(answer, thought=thought)]
    if not m.short and m.rng.random() < 0.6:
        turns += [user(m.typed("describe the picture.")), assistant(scene.description)]
        answer = scene.description
    return m.example(task if m.short else "several", turns, answer, descriptions=descriptions)


