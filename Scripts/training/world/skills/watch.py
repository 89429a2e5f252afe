"""Watch: which wall is hit next, will two things collide, where is a thing two frames on.

The thought before the answer says where things are in each frame, then goes on in the same steps until the answer is there.
"""

import math
from copy import copy

from ..clips import Mover, frame, ordered, spot, tell
from ..maker import Maker, assistant, user
from ..scene import PLACES, SIDE, pairs, paper


def mover(m: Maker, name: tuple[str, str], radius: float = 8.0) -> Mover:
    angle, speed = m.rng.uniform(0, 2 * math.pi), m.rng.uniform(3.5, 7)
    return Mover(*name, m.rng.uniform(radius, SIDE - radius), m.rng.uniform(radius, SIDE - radius), speed * math.cos(angle),
                 speed * math.sin(angle), radius)


def next_wall(t: Mover) -> tuple[str, list[str]]:
    """The wall, and the places on the way to it."""
    t, way = copy(t), []
    while True:
        wall = t.step()
        if wall:
            return wall, way
        way.append(spot(t))


def place(t: Mover) -> str:
    return PLACES[min(2, int(t.y * 3 / SIDE)) * 3 + min(2, int(t.x * 3 / SIDE))]


def collide(a: Mover, b: Mover, steps: int = 8) -> tuple[bool, list[str]]:
    """Whether two things meet within so many steps, and the places of both until then."""
    a, b, way = copy(a), copy(b), []
    for _ in range(steps):
        a.step()
        b.step()
        way.append(" ".join(map(spot, ordered([a, b]))))
        if math.hypot(a.x - b.x, a.y - b.y) < a.radius + b.radius:
            return True, way
    return False, way


def make(m: Maker) -> dict:
    kind = m.index % 3 if m.short else m.rng.randrange(3)
    count = m.rng.randint(4, 6)
    want = m.rng.random() < 0.5
    while True:
        things = [mover(m, name) for name in m.rng.sample(pairs(m.split), 2 if kind == 1 else 1)]
        shade, frames, told, seen, apart = paper(m.rng), [], [], [], True
        for i in range(count):
            if i:
                for t in things:
                    t.step()
            if kind == 1:
                apart &= math.hypot(things[0].x - things[1].x, things[0].y - things[1].y) > 17
            frames.append(frame(things, shade))
            told.append(tell(things))
            seen.append(" ".join(map(spot, ordered(things))))
        if kind == 1 and (not apart or collide(*things)[0] != want):
            continue  # neither a collision that is already over, nor an answer that comes up less often
        break
    if kind == 0:
        task, question, (answer, way) = "wall", "which wall is hit next?", next_wall(things[0])
    elif kind == 1:
        task, question, answer, way = "collide", "will they collide?", "yes" if want else "no", collide(*things)[1]
    else:
        later, way = copy(things[0]), []
        for _ in range(2):
            later.step()
            way.append(spot(later))
        task, question, answer = "later", "where is it two frames later?", place(later)
    thought = ",".join(seen) + ";" + ",".join(way)
    return m.example(task, [user(m.video(frames), m.typed(question)), assistant(answer, thought=thought)], answer, descriptions={"video": [told]})
