"""Draw: a scene from its description, on the one canvas, so that a prompt has one right picture.

Of one thing there are 48 prompts, or 864 with its size and place: but for the pairs held back, training has nearly all
of them.
"""

from ..maker import Maker, assistant, user
from ..scene import SIZES, Scene, Thing, pairs, random_scene


def make(m: Maker) -> dict:
    kind = m.index % 3 if m.short else m.rng.choice((0, 1, 1, 1, 2, 2))
    if kind == 0:
        colour, shape = m.rng.choice(pairs(m.split))
        scene, words, task = Scene((Thing(colour, shape, "big", 4),)), f"a {colour} {shape}", "one"
    elif kind == 1:
        colour, shape = m.rng.choice(pairs(m.split))
        scene = Scene((Thing(colour, shape, m.rng.choice(list(SIZES)), m.rng.randrange(9)),))
        words, task = scene.description, "place"
    else:
        scene = random_scene(m.rng, m.split, least=2, most=2, jitter=False)
        words, task = scene.description.replace("; ", " and "), "two"
    turns = [user(m.typed(f"draw {words}")), assistant(m.image(scene))]
    return m.example(task, turns, scene.description, descriptions={"image": [scene.description]},
                     things=[{"colour": t.colour, "shape": t.shape, "place": t.place, "size": t.size}
                             for t in scene.things])
