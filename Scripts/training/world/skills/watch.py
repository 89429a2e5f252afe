"""Watch: which wall is hit next, will two things collide, where is a thing two frames on.

The thought before the answer says where things are in the last two frames, by number, and how far they move in one,
then goes on in the same steps until the answer is there. Things move by whole pixels and stop at a wall for a moment,
so two frames tell the rest.
"""

import math
from copy import copy

from ..clips import RADIUS, Mover, frame, ordered, spot, tell
from ..maker import Maker, assistant, user
from ..scene import PLACES, SIDE, pairs, paper

FRAMES = (4, 8)  # of a clip, fewest and most
STEPS = 6  # frames that the question of a collision looks ahead


def mover(m: Maker, name: tuple[str, str]) -> Mover:
    while True:
        dx, dy = m.rng.randint(-7, 7), m.rng.randint(-7, 7)
        if 3.5 <= math.hypot(dx, dy) <= 7.5:
            break
    return Mover(*name, m.rng.randint(RADIUS + 1, SIDE - RADIUS - 1), m.rng.randint(RADIUS + 1, SIDE - RADIUS - 1), dx,
                 dy)


def motion(t: Mover) -> str:
    """How far a thing moves in a frame, for thoughts: "+4-3" is right and up."""
    return f"{t.dx:+d}{t.dy:+d}"


def next_wall(t: Mover) -> tuple[list[str], list[str]]:
    """The walls that are hit at once, and the places on the way to there."""
    t, way = copy(t), []
    while True:
        walls = t.step()
        way.append(spot(t))
        if walls:
            return walls, way


def place(t: Mover) -> str:
    return PLACES[min(2, t.y * 3 // SIDE) * 3 + min(2, t.x * 3 // SIDE)]


def distance(a: Mover, b: Mover) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)


def collide(a: Mover, b: Mover) -> tuple[bool, list[str]]:
    """Whether two things meet within STEPS frames, and until then the places of both and how far they are apart, across
    and down."""
    a, b, way = copy(a), copy(b), []
    for _ in range(STEPS):
        a.step()
        b.step()
        way.append(f"{spot(a)} {spot(b)} {abs(a.x - b.x):02o}{abs(a.y - b.y):02o}")
        if distance(a, b) < a.radius + b.radius:
            return True, way
    return False, way


def clip(m: Maker, count: int, moving: int) -> list[list[Mover]]:
    """Where things are in each of `count` frames.

    In the last step nothing bounces, so that it tells where things are going, and nothing has touched another.
    """
    while True:
        things = ordered([mover(m, name) for name in m.rng.sample(pairs(m.split), moving)])
        frames, walls, apart = [], [], True
        for i in range(count):
            walls = [t.step() for t in things] if i else []
            apart &= moving < 2 or distance(*things) > 2 * RADIUS
            frames.append([copy(t) for t in things])
        if apart and not any(walls):
            return frames


def ask(m: Maker, kind: int, things: list[Mover]) -> tuple[str, str, str, list[str]] | None:
    """Task, question, answer and the way to it; nothing where two answers would be true."""
    if kind == 0:
        walls, way = next_wall(things[0])
        return ("wall", "which wall is hit next?", walls[0], way) if len(walls) == 1 else None
    if kind == 1:
        met, way = collide(*things)
        return "collide", "will they collide?", "yes" if met else "no", way
    later, way = copy(things[0]), []
    for _ in range(2):
        later.step()
        way.append(spot(later))
    return "later", "where is it two frames later?", place(later), way


def glances(m: Maker, told: list[str]) -> list[dict]:
    """Two more turns in training: what single frames of the clip show, the cheapest lesson in finding them."""
    turns: list[dict] = []
    for i in [] if m.short else sorted(m.rng.sample(range(len(told)), 2)):
        turns += [user({"text": f"describe frame {i + 1}."}), assistant(told[i])]
    return turns


def make(m: Maker) -> dict:
    kind = m.index % 3 if m.short else m.rng.randrange(3)
    count, want = m.rng.randint(*FRAMES), "yes" if m.rng.random() < 0.5 else "no"
    kinds = [kind] if m.short or kind == 1 else m.rng.sample([0, 2], 2)
    while True:
        frames = clip(m, count, 2 if kind == 1 else 1)
        asked = [ask(m, k, frames[-1]) for k in kinds]
        # neither answer of a collision comes up more often
        if None not in asked and (kind != 1 or asked[0][2] == want):
            break
    shade, things = paper(m.rng), frames[-1]
    start = ", ".join(t.name for t in things) + ": " if kind == 1 else ""
    start += ",".join(f"{i} " + " ".join(map(spot, frames[i - 1]))
                      for i in (count - 1, count)) + ";" + " ".join(map(motion, things)) + ";"
    turns: list[dict] = []
    for _, question, answer, way in asked:
        media = [] if turns else [m.video([frame(f, shade) for f in frames])]
        turns += [user(*media, m.typed(question)), assistant(answer, thought=start + ",".join(way))]
    told = [tell(f) for f in frames]
    return m.example(asked[-1][0], turns + glances(m, told), answer, descriptions={"video": [told]})
