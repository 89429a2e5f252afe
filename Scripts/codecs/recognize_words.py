#!/usr/bin/env python3
"""How much of speech a sound codebook keeps: are words recognized after a round trip through it?

    Scripts/codecs/recognize_words.py --model Models/spud-nano

Words are spoken by `espeak-ng`. The recognizer knows nothing of our code: mel cepstra and dynamic time warping against
two recordings of each word, by other voices at other speeds than the recordings that it is asked about. Those are given
to it as they are, and after `spud tokenize | spud detokenize`. Needs `espeak-ng` and `.build/release/spud`.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy.fft import dct
from scipy.signal import resample_poly

WORDS = ("zero one two three four five six seven eight nine red green blue yellow purple orange circle square triangle "
         "star cross "
         "ring draw count left right").split()
KNOWN = [("en-gb", 160, 50), ("en-us+f3", 170, 50)]  # voice, words a minute, pitch
ASKED = [("en-gb+m3", 150, 45), ("en-us", 175, 45)]
RATE, WINDOW, HOP, POINTS = 16_000, 400, 160, 512


def speak(word: str, voice: str, speed: int, pitch: int, folder: Path) -> Path:
    path = folder / f"{word}-{voice}-{speed}-{pitch}.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(path), word], check=True)
    samples, rate = soundfile.read(path, dtype="float32")
    soundfile.write(path, resample_poly(samples, RATE, rate), RATE)
    return path


def mel_bank() -> np.ndarray:
    edges = 700 * (10 ** (np.linspace(2595 * np.log10(1 + 80 / 700), 2595 * np.log10(1 + 7600 / 700), 42) / 2595) - 1)
    edges, bins = edges / RATE * POINTS, np.arange(POINTS // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)))


def features(path: Path) -> np.ndarray:
    """Twelve cepstra and their differences, mean removed, without the silence at both ends."""
    samples, _ = soundfile.read(path, dtype="float32")
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, WINDOW // 2), WINDOW)[::HOP]
    energy = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), POINTS)) ** 2 @ mel_bank().T
    cepstra = dct(np.log(energy + 1e-5 * energy.max() + 1e-12), axis=1, norm="ortho")[:, 1:14]
    loud = np.flatnonzero(energy.sum(1) > energy.sum(1).max() * 1e-4)
    cepstra = cepstra[loud[0]:loud[-1] + 1]
    cepstra = cepstra - cepstra.mean(0)
    return np.concatenate([cepstra, 2 * np.gradient(cepstra, axis=0)], 1)


def warped_distance(a: np.ndarray, b: np.ndarray) -> float:
    cost = np.sqrt(((a[:, None] - b[None]) ** 2).sum(2))
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return total[-1, -1] / (len(a) + len(b))


def round_trip(path: Path, spud: str, model: str) -> Path:
    prefix = path.with_suffix("")
    stream = subprocess.run([spud, "tokenize", "--audio", str(path), "--json", "-m", model], capture_output=True,
                            check=True).stdout
    subprocess.run([spud, "detokenize", "-", "-o", str(prefix), "-m", model], input=stream, capture_output=True,
                   check=True)
    return Path(f"{prefix}-1.wav")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="Models/spud-nano")
    parser.add_argument("--spud", default=".build/release/spud")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = [(word, features(speak(word, *voice, folder))) for word in WORDS for voice in KNOWN]
        asked = [(word, speak(word, *voice, folder)) for word in WORDS for voice in ASKED]

        def share(paths: list[tuple[str, Path]]) -> str:
            right = 0
            for word, path in paths:
                heard = features(path)
                right += min(known, key=lambda k: warped_distance(heard, k[1]))[0] == word
            return f"{right} of {len(paths)} words"

        print("as spoken:        ", share(asked))
        print("after a round trip:", share([(word, round_trip(path, a.spud, a.model)) for word, path in asked]))


if __name__ == "__main__":
    main()
