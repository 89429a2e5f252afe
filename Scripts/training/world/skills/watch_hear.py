"""Watch and hear: which of two bouncing things made the sound, by the moment that they share."""

from copy import copy

import numpy as np

from .. import speech
from ..clips import FRAMES_PER_SECOND, frame, ordered, spot, tell
from ..maker import Maker, assistant, user
from ..scene import pairs, paper
from .watch import FRAMES, glances, mover


def make(m: Maker) -> dict:
    frames_wanted = m.rng.randint(*FRAMES)
    while True:
        names = m.rng.sample(pairs(m.split), 2)
        if names[0][0] == names[1][0] or names[0][1] == names[1][1]:
            continue
        things = [mover(m, n) for n in names]
        frames, seen, bounces = [], [], {0: [], 1: []}
        for i in range(frames_wanted):
            walls = [t.step() if i else [] for t in things]
            for j, hit in enumerate(walls):
                if hit:
                    bounces[j].append(i)
            frames.append([copy(t) for t in things])
            touched = {t.name: hit for t, hit in zip(things, walls)}
            seen.append("; ".join(f"{t.name} {spot(t)} " + (" ".join(touched[t.name]) or "no")
                                  for t in ordered(things)))
        # One bounce each, apart in time, so that only the moment tells whose sound it is.
        if len(bounces[0]) == 1 and len(bounces[1]) == 1 and abs(bounces[0][0] - bounces[1][0]) >= 2:
            break
    which, shade = m.rng.randrange(2), paper(m.rng)
    sound = np.zeros(int(frames_wanted / FRAMES_PER_SECOND * speech.RATE), np.float32)
    start = int(bounces[which][0] / FRAMES_PER_SECOND * speech.RATE)
    beep = speech.tone(m.rng.uniform(400, 1000), 0.15)
    sound[start:start + len(beep)] += beep[:len(sound) - start]
    sound += np.random.default_rng(m.rng.getrandbits(32)).normal(0, 0.0005, len(sound)).astype(np.float32)
    # The thought: the frame of the beep, then where each thing is in it and which wall it touches there.
    thought = f"frame {bounces[which][0] + 1}; {seen[bounces[which][0]]}"
    turns = [user(m.video([frame(f, shade) for f in frames], sound), m.typed("what made the sound?")),
             assistant(things[which].name, thought=thought)]
    told = [tell(f) for f in frames]
    return m.example("which", turns + glances(m, told), things[which].name, descriptions={
        "video": [told], "audio": [f"a beep at {bounces[which][0] / FRAMES_PER_SECOND:.2f} seconds"]})
