#!/usr/bin/env python3
"""Makes the committed suite of held-out examples and the demonstration's media.

    make_suite.py --out Benchmarks/suites/world
    make_suite.py --demo Models/spud-nano/examples

The suite's seed is its own. What of its examples training or the trainer's held-out examples have all the same:
README.md, What is held out.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from pack_media import pack
from world import speech
from world.scene import Scene, Thing, render

SEED = 20260


def demo(out: Path, cache: Path) -> None:
    """A picture, a recording, a spoken question about the picture: in a voice and at a speed that training never
    heard."""
    out.mkdir(parents=True, exist_ok=True)
    scene = Scene((Thing("red", "circle", "big", 0, 1, 0), Thing("yellow", "star", "big", 5, -1, 0),
                   Thing("blue", "square", "small", 7, 0, 1)), (226, 226, 226))
    render(scene).save(out / "scene.png")
    voice, speed = "en-us" + speech.HELD_OUT_TIMBRES[0], speech.SPEEDS["held-out"][1]
    for name, words in (("digits", "seven two five"), ("question", "what colour is the star")):
        speech.write_wave(out / f"{name}.wav", speech.say(words, voice, speed, 50, cache))
    (out / "README.md").write_text(
        "# Examples\n\n| file | what it is |\n|---|---|\n"
        f"| `scene.png` | {scene.description} |\n| `digits.wav` | \"seven two five\" |\n"
        "| `question.wav` | \"what colour is the star\" |\n\n"
        "Made by `Scripts/training/make_suite.py --demo`; the speech is espeak-ng's, in a voice that training never "
        "heard.\n")


def shrink(folder: Path) -> None:
    """Recordings as Opus and pictures as small as PNG allows: a ninth and two thirds of the size."""
    import soundfile
    from PIL import Image
    for path in sorted(folder.glob("media/**/*.wav")):
        samples, rate = soundfile.read(path)
        soundfile.write(path.with_suffix(".opus"), samples, rate, format="OGG", subtype="OPUS")
        path.unlink()
    for path in sorted(folder.glob("media/**/*.png")):
        with Image.open(path) as picture:
            picture.load()
        picture.save(path, optimize=True)
    file = folder / "examples.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace('.wav"', '.opus"'), encoding="utf-8")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path)
    p.add_argument("--each", type=int, default=500)
    p.add_argument("--demo", type=Path)
    p.add_argument("--cache", type=Path, default=Path(__file__).parents[2] / ".build/training/speech")
    a = p.parse_args()
    if a.demo:
        demo(a.demo, a.cache)
    if a.out:
        subprocess.run([sys.executable, Path(__file__).with_name("generate.py"), "--world", "full", "--split",
                        "held-out", "--short",
                        "--seed", str(SEED), "--each", str(a.each), "--out", a.out, "--cache", a.cache], check=True)
        shrink(a.out)
        for folder in sorted((a.out / "media").iterdir()):
            pack(folder)
        tasks: dict[str, int] = {}
        for line in (a.out / "examples.jsonl").read_text(encoding="utf-8").splitlines():
            e = json.loads(line)
            tasks[f"{e['skill']}/{e['task']}"] = tasks.get(f"{e['skill']}/{e['task']}", 0) + 1
        print(", ".join(f"{t} {n}" for t, n in sorted(tasks.items())))


if __name__ == "__main__":
    main()
