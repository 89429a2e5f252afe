"""Speech from espeak-ng, rendered once for each (phrase, voice, speed, pitch) and kept; and simple tones."""

import hashlib
import os
import random
import subprocess
import wave
from pathlib import Path

import numpy as np

RATE = 16000
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ACCENTS = ["en-us", "en-gb", "en-gb-x-rp", "en-us-nyc", "en-gb-scotland", "en-029"]
TIMBRES = ["", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+f1", "+f2", "+f3", "+f4", "+Andy", "+Annie", "+Gene",
           "+linda",
           "+Michael", "+steph", "+david", "+belinda", "+anika", "+Mario", "+Lee", "+adam", "+Alex", "+Andrea",
           "+antonio", "+aunty", "+benjamin",
           "+boris", "+caleb", "+Diogo", "+ed", "+edward", "+Gene2", "+gustave", "+Henrique", "+Hugo", "+iven",
           "+iven3", "+Jacky", "+john",
           "+kaukovalta", "+klatt", "+klatt2", "+marcelo", "+Marco", "+max", "+michel", "+miguel", "+Mike", "+norbert",
           "+pablo", "+paul", "+pedro",
           "+quincy", "+rob", "+robert", "+sandro", "+shelby", "+steph2", "+travis", "+Tweaky", "+victor", "+zac"]
HELD_OUT_TIMBRES = ["+m8", "+f5", "+Alicia", "+Denis"]
SPEEDS = {"train": (140, 150, 154, 165, 175, 179, 190), "held-out": (145, 158, 170, 182)}
NARRATOR = ("en-us", 160, 50)  # the one voice in which the model learns to speak


def voices(split: str) -> list[str]:
    """Voice names of a split; timbres and speeds of the held-out split are in no training recording."""
    return [a + t for a in ACCENTS for t in (TIMBRES if split == "train" else HELD_OUT_TIMBRES)]


def read_wave(path: Path) -> np.ndarray:
    """Mono samples in -1...1 and their rate's conversion to 16 kHz by linear interpolation after a box filter."""
    with wave.open(str(path)) as f:
        rate, samples = f.getframerate(), np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(np.float32) / 32768
    if rate == RATE or len(samples) == 0:
        return samples
    length = int(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)
    keep = length // 2 + 1
    spectrum = spectrum[:keep] if len(spectrum) >= keep else np.pad(spectrum, (0, keep - len(spectrum)))
    return (np.fft.irfft(spectrum, length) * (length / len(samples))).astype(np.float32)


def write_wave(path: Path, samples: np.ndarray) -> None:
    """16-bit PCM, mono, 16 kHz."""
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def trim(samples: np.ndarray, floor: float = 0.01, margin: float = 0.03) -> np.ndarray:
    """Drops silence at both ends but for a margin in seconds."""
    loud = np.flatnonzero(np.abs(samples) > floor * max(1e-6, float(np.abs(samples).max(initial=0))))
    if len(loud) == 0:
        return samples
    pad = int(margin * RATE)
    return samples[max(0, loud[0] - pad):loud[-1] + pad]


def say(phrase: str, voice: str, speed: int, pitch: int, cache: Path) -> np.ndarray:
    """The phrase as 16 kHz samples, trimmed, at a peak of 0.7."""
    key = hashlib.sha1(f"{phrase}|{voice}|{speed}|{pitch}".encode()).hexdigest()
    path = cache / key[:2] / (key + ".npy")
    if path.exists():
        return np.load(path).astype(np.float32) / 32767
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.wav")
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(temporary), phrase],
                   check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    samples = trim(read_wave(temporary))
    temporary.unlink()
    samples = samples * (0.7 / max(1e-6, float(np.abs(samples).max(initial=0))))
    kept = path.with_suffix(f".{os.getpid()}.npy")
    np.save(kept, (samples * 32767).astype(np.int16))
    kept.rename(path)
    return samples


def stretched(samples: np.ndarray, by: float) -> np.ndarray:
    """Played slower or faster, formants and pitch with it: throats of other lengths than the synthesizer's."""
    return np.interp(np.arange(0, len(samples) - 1, 1 / by), np.arange(len(samples)), samples).astype(np.float32)


def random_say(rng: random.Random, phrase: str, split: str, cache: Path) -> np.ndarray:
    """The phrase in a random voice of the split, with a random loudness, offset and faint noise."""
    voice, speed, pitch = rng.choice(voices(split)), rng.choice(SPEEDS[split]), rng.choice((40, 50, 60))
    samples = say(phrase, voice, speed, pitch, cache)
    if split == "train" and rng.random() < 0.5:
        samples = stretched(samples, rng.uniform(0.9, 1.1))
    gain = rng.uniform(0.5, 1.2)
    lead = int(rng.uniform(0, 0.04) * RATE)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.choice((0.0, 0.0005, 0.002)), lead + len(samples))
    return (np.concatenate([np.zeros(lead, np.float32), samples]) * gain + noise).astype(np.float32)


def narrate(phrase: str, cache: Path) -> np.ndarray:
    """The phrase in the narrator's voice: always the same samples."""
    voice, speed, pitch = NARRATOR
    return say(phrase, voice, speed, pitch, cache)


def tone(frequency: float, seconds: float, to: float | None = None) -> np.ndarray:
    """A sine with soft ends; `to` makes it glide to another frequency."""
    n = int(seconds * RATE)
    f = np.linspace(frequency, to if to is not None else frequency, n)
    samples = 0.4 * np.sin(2 * np.pi * np.cumsum(f) / RATE)
    ramp = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.01 * RATE))
    return (samples * ramp).astype(np.float32)
