"""What a skill needs to make one example: a seeded source of chance, the split, and a place for its media."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from . import speech
from .clips import write_clip
from .scene import Scene, random_scene, render

Part = dict[str, str]


class Maker:
    """Makes the parts of one example. Media lie in `media/SKILL/NNN/` beside the JSONL file."""

    def __init__(self, folder: Path, cache: Path, split: str, seed: int, skill: str, index: int, short: bool):
        self.rng = random.Random(f"{seed}/{split}/{skill}/{index}")
        self.split, self.cache, self.skill, self.index, self.folder = split, cache, skill, index, folder
        self.short = short  # one question an example, as evaluation wants it, instead of several
        self.count = 0

    def part(self, kind: str, suffix: str, write: Callable[[Path], None]) -> Part:
        """A part in a file of its own, which `write` makes."""
        name = f"{self.index:06d}" + (f"-{self.count}" if self.count else "") + suffix
        self.count += 1
        path = self.folder / "media" / self.skill / f"{self.index // 1000:03d}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
        return {kind: str(path.relative_to(self.folder))}

    def scene(self, least: int = 1, most: int = 3) -> Scene:
        """The scene of an example, of `least` to `most` things."""
        return random_scene(self.rng, self.split, least, most)

    def image(self, picture: Scene | Image.Image) -> Part:
        return self.part("image", ".png",
                         lambda path: (render(picture) if isinstance(picture, Scene)
                                       else picture).save(path, compress_level=1))

    def audio(self, samples: np.ndarray) -> Part:
        return self.part("audio", ".wav", lambda path: speech.write_wave(path, samples))

    def video(self, frames: list[Image.Image], sound: np.ndarray | None = None) -> Part:
        return self.part("video", ".clip", lambda path: write_clip(path, frames, sound))

    def spoken(self, phrase: str) -> Part:
        return self.part("audio", ".wav",
                         lambda path: speech.write_wave(path,
                                                        speech.random_say(self.rng, phrase, self.split, self.cache)))

    def narrated(self, phrase: str) -> Part:
        return self.part("audio", ".wav", lambda path: speech.write_wave(path, speech.narrate(phrase, self.cache)))

    def typed(self, question: str) -> Part:
        """A question as people type it: now and then without its last mark, or in American spelling."""
        if self.split == "train" and self.rng.random() < 0.15:
            question = question.rstrip("?.")
        if self.split == "train" and self.rng.random() < 0.1:
            question = question.replace("colour", "color")
        return {"text": question}

    def example(self, task: str, turns: list[dict], answer: str, accept: list[str] | None = None, **more) -> dict:
        return {"id": f"{self.skill}-{self.index:06d}", "skill": self.skill, "task": task, "turns": turns,
                "answer": answer,
                "accept": accept or [answer]} | more


def user(*parts: Part) -> dict:
    return {"role": "user", "parts": list(parts)}


def assistant(*parts: Part | str, thought: str = "") -> dict:
    said = [{"text": p} if isinstance(p, str) else p for p in parts]
    return {"role": "assistant", "parts": ([{"thought": thought}] if thought else []) + said}
