"""The registry of skills: each makes one example from a Maker. Adding a skill is adding a function and a line here."""

from collections.abc import Callable
from typing import NamedTuple

from ..maker import Maker
from . import (
    describe,
    draw,
    handwriting,
    hear,
    match,
    read,
    reason,
    relate,
    see,
    speak,
    together,
    tones,
    watch,
    watch_hear,
)


class Skill(NamedTuple):
    make: Callable[[Maker], dict]
    small: float  # share of the examples of the small world, that two CPU cores learn in an hour
    full: float  # share of the examples of the full world


SKILLS = {
    "see": Skill(see.make, 0.40, 0.15),
    "relate": Skill(relate.make, 0.0, 0.11),
    "read": Skill(read.make, 0.0, 0.12),
    "handwriting": Skill(handwriting.make, 0.0, 0.03),
    "hear": Skill(hear.make, 0.22, 0.12),
    "tones": Skill(tones.make, 0.0, 0.03),
    "see-hear": Skill(together.make, 0.18, 0.10),
    "match": Skill(match.make, 0.0, 0.05),
    "watch": Skill(watch.make, 0.0, 0.08),
    "watch-hear": Skill(watch_hear.make, 0.0, 0.05),
    "reason": Skill(reason.make, 0.04, 0.05),
    "draw": Skill(draw.make, 0.12, 0.08),
    "speak": Skill(speak.make, 0.04, 0.02),
    "describe": Skill(describe.make, 0.0, 0.04),
}
