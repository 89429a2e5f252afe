"""Describe: a picture's caption, a frame's, a recording's transcript: the texts that a pipeline passes on."""

from ..clips import frame, tell
from ..maker import Maker, assistant, user
from ..scene import pairs, paper, random_scene
from .hear import phrase
from .watch import mover


def make(m: Maker) -> dict:
    kind = m.index % 2 if m.short else m.rng.choice((0, 1, 2, 2))
    if kind == 0:
        scene = random_scene(m.rng, m.split, least=1, most=5 if m.short else 8)  # a crowd says more for its codes
        task, told, medium, asked, of = "caption", scene.description, m.image(scene), "describe the picture.", "image"
    elif kind == 1:
        told = phrase(m.rng)
        task, medium, asked, of = "transcript", m.spoken(told), "describe the sound.", "audio"
    else:
        things = [mover(m, name) for name in m.rng.sample(pairs(m.split), m.rng.randint(1, 2))]
        task, told, asked, of = "frame", tell(things), "describe the frame.", "image"
        medium = m.image(frame(things, paper(m.rng)))
    return m.example(task, [user(medium, m.typed(asked)), assistant(told)], told, descriptions={of: [told]})
