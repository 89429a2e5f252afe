#!/usr/bin/env python3
"""Makes media files as other programs leave them: several in one, written into pipes, turned, animated, and with
colours coded in every way. They go to Tests/SpudMediaTests/Fixtures/Cases, with what Pillow sees in the pictures in
pictures.json there.

    .venv/bin/python Scripts/goldens/media_cases.py

Files cut short are not made here: the tests cut whole ones.
"""

import struct
import subprocess
import tempfile
from pathlib import Path

import media
import numpy as np
import soundfile
from PIL import Image, ImageOps

CASES = media.FIXTURES / "Cases"


def tone(frequency, rate, seconds):
    return 0.4 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def encoded(folder, name, samples, rate, *options):
    """The bytes of a recording as ffmpeg encodes it into a file of that name."""
    soundfile.write(folder / "plain.wav", samples, rate)
    media.ffmpeg("-i", folder / "plain.wav", *options, folder / name)
    return (folder / name).read_bytes()


def sounds(folder):
    """A low tone, then a high one, each a quarter of a second, in one file."""
    def pair(name, *options, rates=(16_000, 16_000)):
        tones = zip((440, 1760), rates)
        return [encoded(folder, name, tone(frequency, rate, 0.25), rate, *options) for frequency, rate in tones]

    (CASES / "two.mp3").write_bytes(b"".join(pair("a.mp3", "-metadata", "title=tagged")))
    (CASES / "two-rates.mp3").write_bytes(b"".join(pair("a.mp3", rates=(44_100, 22_050))))
    low, high = pair("a.mp3", "-write_xing", 0, "-id3v2_version", 0)
    tag = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10)
    (CASES / "tags.mp3").write_bytes(low + b"TAG" + bytes(125) + tag + high)
    (CASES / "two.ogg").write_bytes(b"".join(pair("a.ogg", "-c:a", "libvorbis")))
    (CASES / "two-rates.ogg").write_bytes(b"".join(pair("a.ogg", "-c:a", "libvorbis", rates=(16_000, 44_100))))
    (CASES / "two.opus").write_bytes(b"".join(pair("a.opus", "-c:a", "libopus")))
    (CASES / "two.flac").write_bytes(b"".join(pair("a.flac")))
    (CASES / "two.aac").write_bytes(b"".join(pair("a.aac", "-c:a", "aac")))
    # Of changing bit rate, without a header that tells its length: the loud half comes first.
    noise = np.concatenate([np.random.default_rng(1).normal(0, 0.1, 8_000), np.zeros(8_000)])
    options = ["-c:a", "libmp3lame", "-q:a", 4, "-write_xing", 0, "-id3v2_version", 0]
    (CASES / "no-length.mp3").write_bytes(encoded(folder, "a.mp3", noise, 16_000, *options))
    (CASES / "surround.m4a").write_bytes(
        encoded(folder, "a.m4a", np.stack([tone(440, 48_000, 0.25)] * 6, -1), 48_000, "-c:a", "aac"))

    soundfile.write(folder / "plain.wav", tone(440, 8_000, 0.1), 8_000)
    for name, form, *options in [
        ("pipe.wav", "wav"), ("pipe-rf64.wav", "wav", "-rf64", "always"), ("pipe.w64", "w64"), ("pipe.aiff", "aiff"),
        ("pipe.flac", "flac"), ("pipe.caf", "caf"), ("pipe.au", "au"),
    ]:
        command = ["ffmpeg", "-loglevel", "error", "-bitexact", "-i", folder / "plain.wav", *options, "-f", form]
        written = subprocess.run([*command, "pipe:1"], check=True, stdout=subprocess.PIPE).stdout
        (CASES / name).write_bytes(written)


def pictures(folder):
    small, base = media.scene(13, 9), media.scene(33, 21)
    with_alpha = base.copy()
    with_alpha.putalpha(Image.fromarray((np.mgrid[0:21, 0:33][1] * 8 % 256).astype(np.uint8)))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind, options in {"png": {}, "webp": {"lossless": True}, "tiff": {}, "avif": {"quality": 90}}.items():
            if kind == "png" or orientation in (2, 6, 7):
                small.save(CASES / f"orientation-{orientation}.{kind}", exif=exif, **options)
    frames = [base, ImageOps.mirror(base), ImageOps.flip(base)]
    for name, options in {
        "animated.webp": {"lossless": True}, "animated-lossy.webp": {"quality": 80}, "animated.png": {},
        "animated.avif": {}, "animated.gif": {},
    }.items():
        frames[0].save(CASES / name, save_all=True, append_images=frames[1:], duration=100, **options)
    base.save(CASES / "lossy.webp", quality=80)
    with_alpha.save(CASES / "alpha.webp", quality=80)
    base.save(CASES / "full.avif", quality=90)
    base.save(CASES / "limited.avif", quality=90, range="limited")
    base.save(CASES / "wide-chroma.avif", quality=90, subsampling="4:4:4")
    base.save(CASES / "half-chroma.avif", quality=90, subsampling="4:2:2")
    base.convert("L").save(CASES / "gray.avif", quality=90)
    with_alpha.save(CASES / "alpha.avif", quality=90)
    base.crop((0, 0, 32, 20)).save(folder / "even.png")
    for name, matrix, coded, span, pixels in [
        ("bt709.avif", "bt709", "bt709", "tv", "yuv420p"), ("bt2020.avif", "bt2020", "bt2020nc", "pc", "yuv420p"),
        ("deep.avif", "bt601", "smpte170m", "tv", "yuv420p10le"),
    ]:
        scale = f"scale=out_color_matrix={matrix}:out_range={span},format={pixels}"
        media.ffmpeg(
            "-i", folder / "even.png", "-vf", scale, "-colorspace", coded, "-color_range", span, "-c:v", "libaom-av1",
            "-still-picture", 1, "-crf", 10, CASES / name)
    expected = {}
    for path in sorted(CASES.iterdir()):
        if path.suffix in (".png", ".webp", ".tiff", ".avif", ".gif"):
            image = media.over_white(ImageOps.exif_transpose(Image.open(path)))
            expected[path.name] = {
                "width": image.width, "height": image.height, "pixels": media.encoded(np.asarray(image))}
    media.save("Cases/pictures.json", expected)


def box(kind, *content, version=None):
    body = b"".join(content)
    if version is not None:
        body = bytes([version, 0, 0, 0]) + body
    return struct.pack(">I", 8 + len(body)) + kind.encode() + body


def heic(folder):
    """The same HEVC picture as it is, and with turns: a quarter counterclockwise, then mirrored left to right."""
    media.scene(64, 48).save(folder / "scene.png")
    media.ffmpeg("-i", folder / "scene.png", "-frames:v", 1, "-pix_fmt", "yuv420p", "-c:v", "libx265", "-x265-params",
                 "log-level=error:info=0", "-tag:v", "hvc1", folder / "a.mp4")
    movie = (folder / "a.mp4").read_bytes()

    def content(kind):
        start = movie.index(kind)
        return movie[start + 4 : start - 4 + struct.unpack(">I", movie[start - 4 : start])[0]]

    def file(turns):
        properties = [box("hvcC", content(b"hvcC")), box("ispe", struct.pack(">II", 64, 48), version=0), *turns]
        data = content(b"mdat")

        def head(offset):
            item = box("infe", struct.pack(">HH", 1, 0), b"hvc1\0", version=2)
            places = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, len(data))
            links = bytes([0, 0, 0, 1, 0, 1, len(properties), *range(1, len(properties) + 1)])
            return box("ftyp", b"heic\0\0\0\0mif1heic") + box(
                "meta", box("hdlr", bytes(4), b"pict", bytes(13), version=0),
                box("pitm", struct.pack(">H", 1), version=0),
                box("iinf", struct.pack(">H", 1), item, version=0), box("iloc", places, version=0),
                box("iprp", box("ipco", *properties), box("ipma", links, version=0)), version=0)

        return head(len(head(0)) + 8) + box("mdat", data)

    (CASES / "plain.heic").write_bytes(file([]))
    (CASES / "turned.heic").write_bytes(file([box("irot", b"\x01"), box("imir", b"\x01")]))


def videos(folder):
    media.ffmpeg("-i", media.FIXTURES / "sounding.mp4", "-c", "copy", "-movflags", "+faststart", CASES / "sounding.mp4")
    media.ffmpeg("-i", media.FIXTURES / "sounding.mp4", "-c:v", "mpeg4", "-c:a", "mp3", "-t", 1, CASES / "sounding.avi")
    media.ffmpeg("-i", media.FIXTURES / "silent.mp4", CASES / "film.gif")
    bars = Image.new("RGB", (64, 16))
    for place, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 100, 50)]):
        bars.paste(colour, (place * 16, 0, place * 16 + 16, 16))
    bars.save(folder / "bars.png")
    for coded, matrix in (("bt709", "bt709"), ("smpte170m", "bt601")):
        for span in ("tv", "pc"):
            scale = f"scale=out_color_matrix={matrix}:out_range={span},format=yuv420p"
            media.ffmpeg(
                "-loop", 1, "-framerate", 4, "-i", folder / "bars.png", "-vf", scale, "-colorspace", coded,
                "-color_range", span, "-c:v", "libx264", "-qp", 0, "-t", 0.5, CASES / f"{matrix}-{span}.mp4")


if __name__ == "__main__":
    CASES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        for make in (sounds, pictures, heic, videos):
            make(Path(directory))
