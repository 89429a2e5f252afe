"""Examples of a scene that is there already, told in words: what a module that reads texts alone can be asked about
it."""

import random
from pathlib import Path

from .maker import Maker, Part
from .scene import Scene
from .skills import SKILLS

ASKING = ("see", "relate", "see-hear")  # skills that ask about one scene


class Told(Maker):
    """Makes what a skill asks, of the one scene, with the texts of `spud compare`'s pipelines in place of media."""

    def __init__(self, scene: Scene, skill: str, index: int):
        super().__init__(Path(), Path(), "train", 0, skill, index, short=False)
        self.rng = random.Random(f"{scene.description}/{skill}/{index}")
        self.only = scene

    def scene(self, least: int = 1, most: int = 3) -> Scene:
        return self.only

    def image(self, picture: Scene) -> Part:
        return {"text": f"picture: {picture.description}\n"}

    def spoken(self, phrase: str) -> Part:
        return {"text": f"sound: {phrase}\n"}


def examples(description: str, each: int) -> list[dict]:
    """What the skills ask about a scene, `each` times; nothing of other texts, nor of a single thing, which needs no
    looking up."""
    scene = Scene.told(description)
    if scene.description != description or len(scene.things) < 2:
        return []
    return [SKILLS[skill].make(Told(scene, skill, i)) for skill in ASKING for i in range(each)]
