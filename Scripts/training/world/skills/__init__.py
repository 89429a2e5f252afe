"""The registry of skills: each makes one example from a Maker. Adding a skill is adding a function and a line here."""

from . import draw, hear, reason, see, speak, together

# name: (function, share of the training examples)
SKILLS = {
    "see": (see.make, 0.40),
    "hear": (hear.make, 0.22),
    "see-hear": (together.make, 0.18),
    "draw": (draw.make, 0.12),
    "speak": (speak.make, 0.04),
    "reason": (reason.make, 0.04),
}
