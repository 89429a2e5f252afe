#!/usr/bin/env python3
"""Makes the media files and expected values of Tests/SpudMediaTests/Fixtures.

Every expected value comes from an implementation that is not ours: Pillow for pictures, soundfile and scipy for
sound, transformers' WhisperFeatureExtractor (in float64, NumPy) for log-mel spectrograms. The speech is made by
espeak-ng, the compressed video and sound by ffmpeg.

    .venv/bin/python Scripts/goldens/media.py

Versions are those of Scripts/requirements.txt. Encoders may differ between versions: commit files and expected
values together.
"""

import base64
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import scipy.signal
import soundfile
from PIL import Image, ImageDraw, ImageOps
from transformers import WhisperFeatureExtractor
from transformers.audio_utils import spectrogram

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/SpudMediaTests/Fixtures"
RATE = 16_000


def encoded(array):
    """Little-endian bytes of an array, as JSON can hold them."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def save(name, value):
    (FIXTURES / name).write_text(json.dumps(value, indent=1) + "\n")


# Pictures


def scene(width, height):
    """A drawn scene with flat areas, edges, a gradient and some noise."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([columns * 255 // width, rows * 255 // height, (columns + rows) * 5 % 256], -1).astype(np.uint8)
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    draw.ellipse([width // 8, height // 6, width // 2, height * 2 // 3], fill=(220, 30, 40))
    draw.rectangle([width // 2, height // 2, width - 3, height - 3], fill=(20, 60, 200), outline=(255, 255, 255))
    draw.line([0, height - 1, width - 1, 0], fill=(250, 240, 20))
    noise = np.random.default_rng(3).integers(-20, 20, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(image).astype(int) + noise, 0, 255).astype(np.uint8))


def over_white(image):
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def pictures():
    base = scene(33, 21)
    alpha = Image.fromarray((np.mgrid[0:21, 0:33][1] * 8 % 256).astype(np.uint8))
    with_alpha = base.copy()
    with_alpha.putalpha(alpha)
    palette = base.quantize(16)
    files = {
        "rgb.png": base,
        "gray.png": base.convert("L"),
        "bilevel.png": base.convert("1"),
        "palette.png": palette,
        "alpha.png": with_alpha,
        "gray-alpha.png": with_alpha.convert("LA"),
    }
    expected = {}
    for name, image in files.items():
        image.save(FIXTURES / name)
        expected[name] = over_white(Image.open(FIXTURES / name))
    palette.save(FIXTURES / "palette-transparent.png", transparency=3)
    expected["palette-transparent.png"] = over_white(Image.open(FIXTURES / "palette-transparent.png"))
    # Pillow keeps 16 bits of gray only; its own conversion to 8 would clip, so the expected value is the exact one.
    deep = (np.asarray(base.convert("L")).astype(np.uint32) * 257).astype(np.uint16)
    Image.fromarray(deep).save(FIXTURES / "gray16.png")
    expected["gray16.png"] = base.convert("L").convert("RGB")

    base.save(FIXTURES / "baseline.jpg", quality=90)
    base.save(FIXTURES / "progressive.jpg", quality=80, progressive=True)
    base.save(FIXTURES / "full-chroma.jpg", quality=95, subsampling=0)
    base.convert("L").save(FIXTURES / "gray.jpg", quality=90)
    base.convert("CMYK").save(FIXTURES / "cmyk.jpg", quality=95)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x010F] = "Spud"  # a tag that sorts before the orientation
        exif[0x0112] = orientation
        scene(13, 9).save(FIXTURES / f"orientation-{orientation}.jpg", quality=75, exif=exif)
    for path in sorted(FIXTURES.glob("*.jpg")):
        expected[path.name] = ImageOps.exif_transpose(Image.open(path)).convert("RGB")

    base.save(FIXTURES / "lossless.webp", lossless=True)
    base.save(FIXTURES / "picture.bmp")
    palette.save(FIXTURES / "picture.gif")
    for name in ["lossless.webp", "picture.bmp", "picture.gif"]:
        expected[name] = Image.open(FIXTURES / name).convert("RGB")
    save("pictures.json", {
        name: {"width": image.width, "height": image.height, "pixels": encoded(np.asarray(image))}
        for name, image in expected.items()
    })


def resizing():
    source = scene(41, 30)
    source.save(FIXTURES / "resize-source.png")
    cases = []
    for filter_name in ["box", "bilinear", "bicubic", "lanczos"]:
        for size in [(8, 8), (20, 15), (41, 7), (5, 30), (64, 48), (1, 1), (60, 3), (36, 19), (36, 20)]:
            result = source.resize(size, getattr(Image.Resampling, filter_name.upper()))
            cases.append({
                "filter": filter_name, "width": size[0], "height": size[1], "pixels": encoded(np.asarray(result))})
    save("resize.json", cases)


# Sound


def chord(rate, seconds, partials=((220, 0.3), (997, 0.15), (3_100, 0.08))):
    time = np.arange(int(rate * seconds)) / rate
    envelope = np.sin(np.pi * time / seconds) ** 2
    return envelope * sum(height * np.sin(2 * np.pi * frequency * time) for frequency, height in partials)


def sounds():
    mono = chord(RATE, 0.25)
    left, right = chord(44_100, 0.25), chord(44_100, 0.25, ((330, 0.4),))
    stereo = np.stack([left, right], -1)
    recordings = {
        "mono16.wav": (mono, RATE, "PCM_16"), "mono24.wav": (mono, RATE, "PCM_24"),
        "unsigned8.wav": (mono, RATE, "PCM_U8"), "float.wav": (mono, RATE, "FLOAT"), "ulaw.wav": (mono, RATE, "ULAW"),
        "mono.flac": (mono, RATE, "PCM_16"), "mono.ogg": (mono, RATE, "VORBIS"), "mono.mp3": (mono, RATE, None),
        "stereo44100.wav": (stereo, 44_100, "PCM_16"), "stereo44100.flac": (stereo, 44_100, "PCM_16"),
        "mono8000.wav": (chord(8_000, 0.25, ((220, 0.4), (997, 0.2))), 8_000, "PCM_16"),
    }
    expected = {}
    for name, (samples, rate, subtype) in recordings.items():
        soundfile.write(FIXTURES / name, samples, rate, subtype=subtype)
        found, found_rate = soundfile.read(FIXTURES / name, always_2d=True)
        found = found.mean(1)
        if found_rate != RATE:
            divisor = np.gcd(RATE, found_rate)
            found = scipy.signal.resample_poly(found, RATE // divisor, found_rate // divisor, window=("kaiser", 12.0))
        expected[name] = encoded(found.astype(np.float32))
    save("sounds.json", expected)


def log_mel():
    with tempfile.TemporaryDirectory() as directory:
        spoken = pathlib.Path(directory) / "spoken.wav"
        subprocess.run(["espeak-ng", "-w", spoken, "seven"], check=True)
        speech, rate = soundfile.read(spoken)
    speech = scipy.signal.resample_poly(speech, RATE, rate)
    random = np.random.default_rng(5)
    signals = {
        "speech": speech,
        "noisy-chord": chord(RATE, 0.5) + random.normal(0, 1e-3, RATE // 2),
        "loud-tone": np.sin(2 * np.pi * 1_000 * np.arange(RATE // 4) / RATE),
        "click": np.eye(1, 1_600, 700)[0],
        "silence": np.zeros(800),
        "shorter-than-a-frame": chord(RATE, 0.25)[2_000:2_330],
    }
    extractor = WhisperFeatureExtractor()
    cases = {}
    for name, signal in signals.items():
        samples = np.clip(signal, -1, 32_767 / 32_768)
        soundfile.write(FIXTURES / f"{name}.wav", samples, RATE, subtype="PCM_16")
        samples, _ = soundfile.read(FIXTURES / f"{name}.wav", dtype="float32")
        logarithms = spectrogram(
            samples.astype(np.float64), np.hanning(401)[:-1], frame_length=400, hop_length=160, power=2.0,
            dither=0.0, mel_filters=extractor.mel_filters, log_mel="log10")[:, :-1]
        cases[name] = {
            "normalized": encoded(extractor._np_extract_fbank_features([samples], "cpu")[0].T.astype(np.float32)),
            "logarithms": encoded(logarithms.T.astype(np.float32)),
        }
    save("log-mel.json", cases)


# What only ffmpeg reads


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-bitexact", *map(str, arguments)], check=True)


def video():
    with tempfile.TemporaryDirectory() as directory:
        # One flat colour for each half second, at 8 frames a second, with a tone that starts in the middle.
        colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
        for frame in range(16):
            Image.new("RGB", (48, 32), colours[frame // 4]).save(f"{directory}/{frame:02}.png")
        tone = np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE) * 0.5
        tone[:RATE] = 0
        soundfile.write(f"{directory}/tone.wav", tone, RATE)
        frames = ["-framerate", 8, "-i", f"{directory}/%02d.png"]
        x264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", 10]
        ffmpeg(*frames, "-i", f"{directory}/tone.wav", *x264, "-c:a", "aac", FIXTURES / "sounding.mp4")
        ffmpeg(*frames, *x264, FIXTURES / "silent.mp4")
        ffmpeg("-i", f"{directory}/tone.wav", "-c:a", "aac", FIXTURES / "tone.m4a")


if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    pictures()
    resizing()
    sounds()
    log_mel()
    video()
