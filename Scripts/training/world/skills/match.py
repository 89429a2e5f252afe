"""Match: which of two pictures a spoken description means."""

from ..maker import Maker, assistant, user
from ..scene import random_scene


def make(m: Maker) -> dict:
    scenes = [random_scene(m.rng, m.split, least=1, most=2) for _ in range(2)]
    names = [{t.name for t in s.things} for s in scenes]
    while names[0] & names[1]:
        scenes[1] = random_scene(m.rng, m.split, least=1, most=2)
        names[1] = {t.name for t in scenes[1].things}
    which = m.rng.randrange(2)
    said = m.rng.choice(sorted(names[which]))
    # Each thing is marked where it is named, so that comparing it with what was said is one step, and choosing another.
    seen = ["; ".join(f"{t.name} {'yes' if t.name == said else 'no'}" for t in s.ordered) for s in scenes]
    turns = [user(m.image(scenes[0]), m.image(scenes[1]), m.spoken(said), m.typed("which picture?")),
             assistant(("first", "second")[which], thought=f"{said}; first: {seen[0]}; second: {seen[1]}")]
    return m.example("which", turns, ("first", "second")[which],
                     descriptions={"image": [s.description for s in scenes], "audio": [said]})
